// From frames to what can be watched, however the media came.
#pragma once

#include <functional>
#include <optional>

#include "net/ingest/depacketizer.hpp"
#include "net/ingest/frame_maker.hpp"
#include "net/ingest/silence.hpp"
#include "net/media/live_media.hpp"

namespace berth::net {

/// frames -> fan-out, with silence where it is wanted and figures once a second. Readers get nothing before the tracks
/// are complete: when video and audio are known, when the carrier announces no other, or when waiting for another has
/// taken too long.
/// Owned by what receives a stream's media, and touched by its thread only.
class media_outlet final : private frame_sink {
 public:
  struct decision {
    stamp_mode stamps = stamp_mode::relative;
    bool audio = true;
    bool silence = false;  ///< beside pictures that come without sound
  };
  /// What the carrier says of its tracks by now; none = nothing.
  using announcement = std::function<std::optional<announced_tracks>()>;

  /// `on_complete` is called once, when the stream can be watched.
  media_outlet(live_media_ptr media, const media_options& options, track_wish wish, std::function<void()> on_complete);
  media_outlet(const media_outlet&) = delete;
  media_outlet& operator=(const media_outlet&) = delete;

  /// From now on there is a frame maker to feed. Once.
  void begin(const decision& how, announcement announced);
  bool begun() const noexcept { return maker_.has_value(); }
  frame_maker& maker() noexcept { return *maker_; }

  /// Bytes that came, for the figures.
  void count(std::size_t bytes) noexcept { bytes_ += bytes; }
  /// All that came in one go is in: wakes readers, takes stock.
  void end_batch(time_point now);
  /// When expire() has something to do; none = nothing waits.
  std::optional<time_point> deadline() const;
  void expire(time_point now);
  /// Nothing comes any more.
  void end();
  /// A codec that comes in and is not served; unknown = none.
  codec passed_over() const noexcept { return maker_ ? maker_->passed_over() : codec::unknown; }

 private:
  void on_frame(frame_ptr f) override;
  std::optional<time_point> completion() const;
  void look_at_tracks(time_point now);
  void measure(time_point now);

  // given
  live_media_ptr media_;
  const media_options options_;
  const track_wish wish_;
  std::function<void()> on_complete_;
  decision how_;
  announcement announced_;
  // owned
  std::optional<frame_maker> maker_;  // from begin() on
  std::optional<silence> silence_;    // while there is no other sound
  // state
  bool new_frames_ = false;
  bool complete_ = false;
  std::optional<time_point> first_track_;  // when a first track was known
  track_ptr video_, audio_;                // as the readers know them
  // figures of the last second
  time_point measured_{};
  std::uint64_t bytes_ = 0;
  std::uint64_t bytes_before_ = 0;
  std::uint64_t frames_before_ = 0;
};

}  // namespace berth::net
