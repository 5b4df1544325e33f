#include "net/egress/hls_segmenter.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "net/egress/muxers.hpp"

namespace berth::net {
namespace {

// A hole in the line of this size is a new beginning: a segment that bridged it would last that long.
constexpr std::int64_t largest_hole = 10 * frame_clock;
// Where no key frame comes, so that the list goes on and a player's buffer is bounded.
constexpr std::int64_t longest_segment = 60 * frame_clock;

}  // namespace

hls_segmenter::hls_segmenter(const std::vector<track_ptr>& tracks, const hls_options& options)
    : options_(options), tracks_(options.as, tracks) {
  restart_muxer();
}

void hls_segmenter::restart_muxer() {
  muxer_ = make_muxer(options_.as, {tracks_.video(), tracks_.audio()});
  if (options_.as == container::fmp4 && newest_init_) ++init_number_;
  newest_init_ = muxer_->header();
}

/// The segments follow the video, if there is one.
bool hls_segmenter::leads(const frame& f) const noexcept { return !tracks_.video() || is_video(f.of->format); }

void hls_segmenter::write(const frame& f) {
  if (ended_) return;
  const auto fit = tracks_.take(f.of);
  if (fit == carried_tracks::fit::none) return;
  const bool hole = open_ && leads(f) && f.dts - expected_ > largest_hole;
  if (fit == carried_tracks::fit::changed || hole) {
    if (open_) cut(expected_);
    discontinuity_ = next_sequence_ > 0;
    if (!hole) restart_muxer();
  }
  if (open_ && is_over(f)) cut(leads(f) ? f.dts : expected_);
  if (!open_) begin(f);
  if (!open_) return;
  if (leads(f)) expected_ = f.dts + pace_.duration_of(f);
  const auto c = muxer_->write(f);
  if (!c) return;
  const auto at = bytes_.size();
  bytes_.resize(at + c->bytes.size());
  std::copy(c->bytes.begin(), c->bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
}

bool hls_segmenter::is_over(const frame& f) const noexcept {
  if (bytes_.size() + f.data.size() > options_.max_segment_bytes && !bytes_.empty()) return true;
  if (!leads(f)) return false;
  const auto length = f.dts - begin_;
  if (length >= longest_segment) return true;
  if (!tracks_.may_begin_with(f)) return false;
  const bool at_once = options_.fast_register && next_sequence_ == 0 && tracks_.video();
  return at_once || static_cast<double>(length) >= options_.segment_seconds * frame_clock;
}

void hls_segmenter::begin(const frame& f) {
  // Behind a cut for its size the rest of a group of pictures goes on; anywhere else a player must be able to begin.
  const bool goes_on = next_sequence_ > 0 && !discontinuity_;
  if (!goes_on && !tracks_.may_begin_with(f)) return;
  open_ = true;
  begin_ = expected_ = leads(f) ? f.dts : std::max(begin_, expected_);
  // A transport stream's key frames bring their tables; anything else needs them in front.
  if (options_.as == container::ts && !(tracks_.video() && f.key)) bytes_ = muxer_->header()->bytes;
}

void hls_segmenter::cut(std::int64_t end) {
  open_ = false;
  if (bytes_.empty()) return;
  auto media = std::make_shared<chunk>();
  media->bytes = std::move(bytes_);
  media->key = true;
  media->dts = begin_;
  bytes_.clear();
  const auto seconds = static_cast<double>(std::max<std::int64_t>(end - begin_, 1)) / frame_clock;
  longest_ = std::max(longest_, seconds);
  segments_.push_back({next_sequence_++, seconds, std::exchange(discontinuity_, false), init_number_,
                       options_.as == container::fmp4 ? newest_init_ : nullptr, std::move(media)});
  const auto listed = std::max<std::size_t>(options_.segments_in_list, 1);
  if (segments_.size() > listed && segments_[segments_.size() - listed - 1].discontinuity) ++discontinuities_gone_;
  while (segments_.size() > listed + options_.segments_kept) segments_.pop_front();
}

void hls_segmenter::end() {
  if (open_) cut(expected_);
  ended_ = true;
}

std::size_t hls_segmenter::listed_from() const noexcept {
  const auto listed = std::max<std::size_t>(options_.segments_in_list, 1);
  return segments_.size() > listed ? segments_.size() - listed : 0;
}

std::string hls_segmenter::name_of(const part& p) const {
  return std::to_string(p.sequence) + (options_.as == container::fmp4 ? ".m4s" : ".ts");
}

std::string hls_segmenter::init_name(std::uint64_t number) const { return "init" + std::to_string(number) + ".mp4"; }

// RFC 8216 4.3.1 to 4.3.3. Version 3 has fractions in EXTINF; EXT-X-MAP wants 6, and players of fMP4 know 7.
std::string hls_segmenter::playlist(std::string_view prefix) const {
  if (segments_.empty()) return {};
  const bool fmp4 = options_.as == container::fmp4;
  const auto first = listed_from();
  // 4.3.3.1: no segment, rounded, is longer than the target; it must not change, so it never shrinks.
  const auto target = static_cast<long>(std::max(std::ceil(options_.segment_seconds), std::ceil(longest_)));
  std::string out = "#EXTM3U\n#EXT-X-VERSION:";
  out += fmp4 ? "7" : "3";
  out += "\n#EXT-X-TARGETDURATION:" + std::to_string(target);
  out += "\n#EXT-X-MEDIA-SEQUENCE:" + std::to_string(segments_[first].sequence);
  if (discontinuities_gone_ > 0) out += "\n#EXT-X-DISCONTINUITY-SEQUENCE:" + std::to_string(discontinuities_gone_);
  out += "\n";
  for (auto i = first; i < segments_.size(); ++i) {
    const auto& p = segments_[i];
    if (p.discontinuity) out += "#EXT-X-DISCONTINUITY\n";
    if (fmp4 && (i == first || p.init_number != segments_[i - 1].init_number)) {
      out += "#EXT-X-MAP:URI=\"";
      out += prefix;
      out += init_name(p.init_number) + "\"\n";
    }
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.3f", p.seconds);
    out += std::string{"#EXTINF:"} + seconds + ",\n";
    out += prefix;
    out += name_of(p) + "\n";
  }
  if (ended_) out += "#EXT-X-ENDLIST\n";
  return out;
}

chunk_ptr hls_segmenter::segment(std::string_view name) const {
  for (const auto& p : segments_) {
    if (name_of(p) == name) return p.media;
    if (p.init && init_name(p.init_number) == name) return p.init;
  }
  return nullptr;
}

std::size_t hls_segmenter::bytes() const noexcept {
  auto sum = bytes_.capacity();
  for (const auto& p : segments_) sum += p.media->bytes.size();
  return sum;
}

}  // namespace berth::net
