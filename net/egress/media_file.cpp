#include "net/egress/media_file.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>

#include "net/codec/ffmpeg_codecs.hpp"
#include "net/egress/mp4_boxes.hpp"

namespace berth::net {
namespace {

using fit = carried_tracks::fit;

carried_tracks::codecs codecs_in(const file_options& o) {
  carried_tracks::codecs out;
  const auto as = o.format == file_format::flv ? container::flv : container::fmp4;
  for (std::size_t i = 0; i < codec_count; ++i) {
    const auto c = static_cast<codec>(i);
    out[i] = can_carry(as, c, {.enhanced_flv = o.enhanced_flv}) || is_octets(c);
  }
  return out;
}

std::size_t place_of(const frame& f) noexcept { return is_video(f.of->format) ? 0 : 1; }

void store_be64(std::uint8_t* p, std::uint64_t v) noexcept {
  store_be32(p, static_cast<std::uint32_t>(v >> 32));
  store_be32(p + 4, static_cast<std::uint32_t>(v));
}

// A fragment ends with its group of pictures. Where there is none, or it does not end, it ends by these.
constexpr const char *longest_fragment = "10000000", *longest_audio_fragment = "2000000";  // us
constexpr const char* largest_fragment = "16000000";                                       // bytes

}  // namespace

file_recorder::file_recorder(const std::string& path, const std::vector<track_ptr>& tracks, const file_options& options)
    : options_(options), tracks_(codecs_in(options), tracks), file_(path), given_(tracks) {}

file_recorder::~file_recorder() { close(); }

result<std::unique_ptr<file_recorder>, std::string> file_recorder::open(const std::string& path,
                                                                        const std::vector<track_ptr>& tracks,
                                                                        const file_options& options) {
  std::unique_ptr<file_recorder> out{new file_recorder{path, tracks, options}};
  if (auto error = out->start(); !error.empty()) return failure{std::move(error)};
  return out;
}

std::string file_recorder::start() {
  if (file_.error() != 0) return file_.complaint();
  if (tracks_.empty()) return "no track that the file could carry";
  if (options_.format == file_format::flv) return {};
  const auto& audio = tracks_.audio();
  lavf_output::settings s{.format = audio && is_octets(audio->format) ? "mov" : "mp4",
                          .options = {},
                          .video = tracks_.video(),
                          .audio = audio};
  if (options_.fragmented)
    s.options = {{"movflags", "frag_keyframe+empty_moov+default_base_moof"},
                 {"frag_duration", tracks_.video() ? longest_fragment : longest_audio_fragment},
                 {"frag_size", largest_fragment},
                 {"use_editlist", "0"}};
  auto opened = lavf_output::open(s, file_);
  if (!opened) return file_.error() != 0 ? file_.complaint() : opened.error();
  mp4_ = std::move(*opened);
  header_size_ = whole_ = file_.size();
  return {};
}

bool file_recorder::fits(const frame& f) const {
  return options_.format == file_format::flv || tracks_.look_at(f.of) != fit::changed;
}

std::string file_recorder::write(const frame& f) {
  if (closed_) return "the file is closed";
  if (!failure_.empty()) return failure_;
  if (!fits(f)) return "the track has changed: a new file is needed";
  if (f.data.empty() || tracks_.look_at(f.of) == fit::none) return {};
  tracks_.take(f.of);
  if (!begun_) {
    if (!tracks_.may_begin_with(f)) return {};
    begun_ = true;
    origin_ = end_ = f.dts;
  }
  const int error = mp4_ ? write_mp4(f) : write_flv(f);
  // The library refuses single frames too: they are missing in the file, and the others go on.
  if (error < 0 && file_.error() == 0) return complaint_of(error);
  if (error < 0) return failure_ = complaint_of(error);
  end_ = std::max(end_, f.dts + paces_[place_of(f)].duration_of(f));
  return {};
}

int file_recorder::write_mp4(const frame& f) {
  // Or else the next fragment's time would be where this one is expected to end.
  if (options_.fragmented) mp4_->set_option("movflags", "+frag_discont");
  const int error = mp4_->write(f, f.data, origin_);
  if (error >= 0) whole_ = file_.size();
  return error;
}

int file_recorder::write_flv(const frame& f) {
  if (!flv_) {
    flv_ = std::make_unique<flv_muxer>(given_, muxer_options{.enhanced_flv = options_.enhanced_flv, .origin = origin_});
    if (const int error = file_.append(flv_->header()->bytes); error < 0) return error;
  }
  const auto c = flv_->write(f);
  return c ? file_.append(c->bytes) : -EMSGSIZE;
}

recorded file_recorder::close() {
  const auto length = (end_ - origin_) / (frame_clock / 1000);
  if (!closed_) {
    closed_ = true;
    if (failure_.empty()) {
      const int error = mp4_ ? finish_mp4() : finish_flv();
      if (error < 0) failure_ = complaint_of(error);
    }
    if (file_.error() != 0 && mp4_ && options_.fragmented) file_.cut(whole_);
    mp4_.reset();
    if (file_.close() < 0 && failure_.empty()) failure_ = file_.complaint();
  }
  return {file_.size(), std::chrono::milliseconds{length}, failure_};
}

int file_recorder::finish_mp4() {
  if (const int error = mp4_->finish(); error < 0) return error;
  if (!options_.fragmented) return 0;
  // A fragmented file's header was written when its length was not known.
  for (const auto& d : find_mp4_durations(file_.read_front(header_size_))) {
    const auto units = static_cast<std::uint64_t>(end_ - origin_) * d.timescale / frame_clock;
    std::uint8_t bytes[8];
    store_be64(bytes, units);
    const auto wanted = d.wide ? bytes_view{bytes} : bytes_view{bytes}.last(4);
    if (!d.wide && units > UINT32_MAX) continue;
    if (const int error = file_.patch(d.at, wanted); error < 0) return error;
  }
  return 0;
}

int file_recorder::finish_flv() {
  if (const int error = file_.flush(); error < 0) return error;
  if (!flv_) return 0;
  std::uint8_t seconds[8];
  store_be64(seconds, std::bit_cast<std::uint64_t>(static_cast<double>(end_ - origin_) / frame_clock));
  return file_.patch(flv_muxer::duration_at, seconds);
}

std::string file_recorder::complaint_of(int error) const {
  return file_.error() != 0 ? file_.complaint() : ffmpeg_error(error);
}

}  // namespace berth::net
