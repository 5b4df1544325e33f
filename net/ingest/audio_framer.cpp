#include "net/ingest/audio_framer.hpp"

#include <algorithm>
#include <utility>

namespace berth::net {
namespace {

constexpr int opus_rate = facts_of(codec::opus).sample_rate;

// RFC 7845 5.1: what a container says of Opus; pre-skip is not known of a live stream.
std::vector<std::uint8_t> opus_head(int channels) {
  std::vector<std::uint8_t> head{'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1, static_cast<std::uint8_t>(channels), 0, 0};
  for (int i = 0; i < 4; ++i) head.push_back(static_cast<std::uint8_t>(opus_rate >> (8 * i)));
  head.insert(head.end(), {0, 0, 0});
  return head;
}

// RFC 6716 3.1: the stereo flag of the TOC byte.
int opus_channels(bytes_view unit) { return (unit[0] & 4) != 0 ? 2 : 1; }

}  // namespace

void audio_framer::unit_begin(std::optional<std::uint64_t> stamp, time_point arrival) {
  arrival_ = arrival;
  if (!stamp) return;
  unit_at_ = pending_.size();
  unit_stamp_ = *stamp;
  unit_stamped_ = true;
}

void audio_framer::bytes(bytes_view piece) {
  if (pending_.size() + piece.size() > max_pending) {
    overflowed_ = true;
    return;
  }
  pending_.insert(pending_.end(), piece.begin(), piece.end());
}

void audio_framer::unit_end(bool damaged) {
  if (std::exchange(overflowed_, false)) {
    counters_.oversized.add();
    return lost();
  }
  if (damaged) {
    counters_.damaged_frames.add();
    return lost();
  }
  if (format_ == codec::aac)
    take_adts();
  else
    take_whole();
}

void audio_framer::lost() {
  pending_.clear();
  unit_at_ = 0;
  unit_stamped_ = false;
}

void audio_framer::describe(int sample_rate, int channels, std::vector<std::uint8_t> configuration) {
  if (track_ && track_->sample_rate == sample_rate && track_->channels == channels &&
      track_->configuration == configuration)
    return;
  track t;
  t.format = format_;
  t.kind = media_kind::audio;
  t.sample_rate = sample_rate;
  t.channels = channels;
  t.configuration = std::move(configuration);
  track_ = std::make_shared<const track>(std::move(t));
}

void audio_framer::take_adts() {
  std::size_t at = 0;
  bool synchronous = true;
  while (pending_.size() - at >= aac::adts_header_size) {
    const auto rest = bytes_view{pending_}.subspan(at);
    const auto h = aac::parse_adts(rest);
    if (!h) {
      if (std::exchange(synchronous, false)) counters_.malformed.add();
      ++at;
      continue;
    }
    if (h->frame_size > rest.size()) break;
    synchronous = true;
    // The first frame that begins in a unit has the unit's stamp; those behind it follow by their length.
    if (unit_stamped_ && at >= unit_at_) {
      stamp_ = unit_stamp_;
      behind_ = 0;
      unit_stamped_ = false;
    }
    describe(h->sample_rate, h->channels, aac::make_audio_specific_config(*h));
    const auto raw = rest.subspan(h->header_size, h->frame_size - h->header_size);
    out_({track_, stamp_, behind_, arrival_, {raw.begin(), raw.end()}});
    behind_ += static_cast<std::uint32_t>(aac::samples_per_frame * h->blocks);
    at += h->frame_size;
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(at));
  unit_at_ = unit_at_ > at ? unit_at_ - at : 0;
}

void audio_framer::take_whole() {
  if (pending_.empty()) return;
  if (format_ == codec::opus) {
    const auto channels = opus_channels(pending_);
    describe(opus_rate, channels, opus_head(channels));
  } else {
    describe(facts_of(format_).sample_rate, 1, {});
  }
  if (unit_stamped_) {
    stamp_ = unit_stamp_;
    behind_ = 0;
  }
  const auto facts = facts_of(format_);
  const auto octets = facts.octet_rate == 0 ? std::size_t{0} : pending_.size();
  out_({track_, stamp_, behind_, arrival_, std::move(pending_)});
  if (octets > 0)
    behind_ += static_cast<std::uint32_t>(octets * static_cast<std::size_t>(facts.sample_rate) /
                                          static_cast<std::size_t>(facts.octet_rate));
  lost();
}

}  // namespace berth::net
