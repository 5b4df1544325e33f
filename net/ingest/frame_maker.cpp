#include "net/ingest/frame_maker.hpp"

#include <algorithm>
#include <utility>

#include "net/codec/codec_guess.hpp"

namespace berth::net {
namespace {

constexpr std::size_t video_track = 0, audio_track = 1;
constexpr std::size_t enough_for_a_guess = 64 * 1024;
constexpr std::int64_t usual_distance = frame_clock / 25;

bool is_video_id(std::uint32_t id) noexcept { return id >= 0xe0 && id <= 0xef; }

}  // namespace

frame_maker::frame_maker(frame_sink& out, media_counters& counters, const options& o)
    : out_(out), counters_(counters), options_(o), line_(o.stamps) {}

// ---- whose unit it is ---------------------------------------------------------------------------------------------

// Only a program stream leaves a codec open, and its stream_id tells video from audio (ISO 13818-1 table 2-22).
codec frame_maker::known_codec(const elementary_stream& s) const noexcept {
  if (s.format != codec::unknown) return s.format;
  const auto& guessed = is_video_id(s.id) ? guessed_video_ : guessed_audio_;
  return guessed && guessed->id == s.id ? guessed->format : codec::unknown;
}

frame_maker::taker frame_maker::taker_for(const elementary_stream& s, codec format) {
  const bool unknown = format == codec::unknown;
  const bool video = unknown ? is_video_id(s.id) : is_video(format);
  if (!unknown && !is_served(format)) {
    passed_over_ = format;
    return taker::nobody;
  }
  if (video ? options_.wish == track_wish::audio : options_.wish == track_wish::video || !options_.audio)
    return taker::nobody;
  auto& id = video ? video_id_ : audio_id_;
  if (!id) id = s.id;
  if (*id != s.id) return taker::nobody;
  if (unknown) return taker::guess;
  if (video && (!video_ || video_->format() != format)) {
    if (video_) video_->flush();
    video_ = std::make_unique<video_assembler>(format, counters_, options_.max_unit,
                                               [this](picture&& p) { take_picture(std::move(p)); });
    order_.reset();
  }
  if (!video && (!audio_ || audio_->format() != format))
    audio_ = std::make_unique<audio_framer>(format, counters_, [this](sound&& x) { take_sound(std::move(x)); });
  return video ? taker::video : taker::audio;
}

void frame_maker::clock::begin(const elementary_stream& s) {
  if (pts && pts->bits() == s.stamp_bits && rate == s.clock_rate) return;
  pts.emplace(s.stamp_bits);
  dts.emplace(s.stamp_bits);
  rate = s.clock_rate;
}

// A stream whose units never have stamps gets those of the packets that carry it.
std::optional<raw_stamps> frame_maker::stamps_for(clock& c, const std::optional<raw_stamps>& stamps) const {
  if (stamps) {
    c.stamped = true;
    c.begin(stream_);
    return stamps;
  }
  if (c.stamped) return std::nullopt;
  auto carrier = stream_;
  carrier.stamp_bits = 32;
  c.begin(carrier);
  return raw_stamps{carrier_time_, carrier_time_};
}

// ---- units --------------------------------------------------------------------------------------------------------

void frame_maker::unit_begin(const elementary_stream& stream, std::optional<raw_stamps> stamps) {
  if (in_unit_) interrupted_ = current_;
  in_unit_ = true;
  stream_ = stream;
  begin_with(taker_for(stream, known_codec(stream)), stamps);
}

void frame_maker::begin_with(taker t, std::optional<raw_stamps> stamps) {
  current_ = t;
  switch (t) {
    case taker::nobody:
      counters_.passed_over.add();
      break;
    case taker::video:
      video_->unit_begin(stamps_for(video_clock_, stamps), arrival_);
      break;
    case taker::audio: {
      const auto placed = stamps_for(audio_clock_, stamps);
      audio_->unit_begin(placed ? std::optional{placed->pts} : std::nullopt, arrival_);
      break;
    }
    case taker::guess:
      unit_stamps_ = stamps;
      unknown_.clear();
      break;
  }
}

void frame_maker::bytes(bytes_view piece) {
  if (current_ == taker::video) video_->bytes(piece);
  if (current_ == taker::audio) audio_->bytes(piece);
  if (current_ == taker::guess) {
    const auto room = enough_for_a_guess - std::min(unknown_.size(), enough_for_a_guess);
    const auto taken = piece.first(std::min(room, piece.size()));
    unknown_.insert(unknown_.end(), taken.begin(), taken.end());
    if (unknown_.size() < enough_for_a_guess) return;
    guess(false);
    if (current_ == taker::video || current_ == taker::audio) bytes(piece.subspan(taken.size()));
  }
}

// What was collected becomes the beginning of a unit whose codec is known now.
void frame_maker::guess(bool damaged) {
  const bool video = is_video_id(stream_.id);
  const auto format = damaged || unknown_.empty() ? codec::unknown
                      : video                     ? guess_video(unknown_)
                                                  : guess_audio(unknown_);
  if (format == codec::unknown) {
    counters_.undecodable.add();
    current_ = taker::nobody;
    return;
  }
  (video ? guessed_video_ : guessed_audio_) = guessed_stream{stream_.id, format};
  const auto collected = std::exchange(unknown_, {});
  begin_with(taker_for(stream_, format), unit_stamps_);
  bytes(collected);
}

void frame_maker::nal_begin() {
  if (current_ == taker::video) video_->begin_nal();
}

void frame_maker::nal_bytes(bytes_view piece) {
  if (current_ == taker::video) video_->append_nal(piece);
}

void frame_maker::nal_end() {
  if (current_ == taker::video) video_->end_nal();
}

void frame_maker::unit_end(bool damaged) {
  if (current_ == taker::guess) guess(damaged);
  if (current_ == taker::video) video_->unit_end(damaged);
  if (current_ == taker::audio) audio_->unit_end(damaged);
  in_unit_ = interrupted_.has_value();
  current_ = interrupted_.value_or(taker::nobody);
  interrupted_.reset();
}

void frame_maker::lost() {
  if (video_) video_->lost();
  if (audio_) audio_->lost();
}

void frame_maker::access_unit_end() {
  if (video_) video_->access_unit_end();
}

void frame_maker::flush() {
  if (video_) video_->flush();
}

void frame_maker::reset() {
  lost();
  flush();
  video_clock_ = audio_clock_ = {};
  guessed_video_.reset();
  guessed_audio_.reset();
  video_id_.reset();
  audio_id_.reset();
  order_.reset();
  current_ = taker::nobody;
  in_unit_ = false;
  interrupted_.reset();
}

// ---- frames -------------------------------------------------------------------------------------------------------

void frame_maker::take_picture(picture&& p) {
  if (!video_clock_.pts) return;
  const auto& t = *p.of;
  const bool has_both = p.stamps.dts != p.stamps.pts;
  const auto pts = rescale(video_clock_.pts->unwrap(p.stamps.pts), video_clock_.rate);
  auto dts = rescale(video_clock_.dts->unwrap(p.stamps.dts), video_clock_.rate);
  // A program stream gives both where they differ; where they do not, there are no B-frames, or it is RTP.
  if (!has_both && video_clock_.pts->bits() == 32) {
    const auto distance = t.frame_rate > 1 ? static_cast<std::int64_t>(frame_clock / t.frame_rate) : usual_distance;
    dts = order_.place(pts, t.reorder, distance);
  }
  frame f;
  f.of = std::move(p.of);
  f.key = p.key;
  f.data = std::move(p.data);
  counters_.video_frames.add();
  if (f.key) counters_.key_frames.add();
  give(video_track, std::move(f), dts, pts, p.arrival);
}

void frame_maker::take_sound(sound&& s) {
  if (!audio_clock_.pts) return;
  const auto begin = rescale(audio_clock_.pts->unwrap(s.stamp), audio_clock_.rate);
  const auto at = begin + rescale(s.behind, static_cast<std::uint32_t>(s.of->sample_rate));
  frame f;
  f.of = std::move(s.of);
  f.data = std::move(s.data);
  counters_.audio_frames.add();
  give(audio_track, std::move(f), at, at, s.arrival);
}

void frame_maker::give(std::size_t track, frame&& f, std::int64_t dts, std::int64_t pts, time_point arrival) {
  const auto placed = line_.place(track, dts, pts, arrival);
  f.dts = placed.dts;
  f.pts = placed.pts;
  out_.on_frame(std::make_shared<const frame>(std::move(f)));
}

}  // namespace berth::net
