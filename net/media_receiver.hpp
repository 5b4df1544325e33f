// The whole way from a stream's accepted packets to frames that can be watched.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "net/frame_maker.hpp"
#include "net/live_media.hpp"
#include "net/payload_set.hpp"
#include "net/reorder_buffer.hpp"
#include "net/rtp_receiver.hpp"
#include "net/silence.hpp"

namespace berth::net {

/// reorder -> unpack -> frames -> fan-out. Until begin() it keeps packets, within a bound, since what becomes of them is
/// not decided. Readers get nothing before the tracks are complete: when video and audio are known, when the carrier
/// announces no other, or when waiting for another has taken too long.
/// Owned by a stream and touched by its reactor thread only.
class media_receiver final : private ordered_sink, private frame_sink {
 public:
  struct decision {
    stamp_mode stamps = stamp_mode::relative;
    bool audio = true;
    bool silence = false;  ///< beside pictures that come without sound
  };

  /// `on_complete` is called once, when the stream can be watched.
  media_receiver(live_media_ptr media, const media_options& options, track_wish wish,
                 std::function<void()> on_complete);
  media_receiver(const media_receiver&) = delete;
  media_receiver& operator=(const media_receiver&) = delete;

  void take(const accepted_packet& packet, time_point now);
  void begin(const decision& how, time_point now);
  /// All that came in one go is in: wakes readers, takes stock.
  void end_batch(time_point now);
  /// When expire() has something to do; none = nothing waits.
  std::optional<time_point> deadline() const;
  void expire(time_point now);
  /// A picture that is under way just now is incomplete, as far as anybody knows, and dropped; one that has been whole
  /// for a while, without a marker that says so, is given.
  void end(time_point now);
  /// A codec that comes in and is not served; unknown = none.
  codec passed_over() const noexcept { return maker_ ? maker_->passed_over() : codec::unknown; }

 private:
  struct kept_packet {
    accepted_packet packet;  // its payload points into `bytes`
    std::vector<std::uint8_t> bytes;
    time_point arrival;
  };

  void on_packet(const ordered_packet& packet) override;
  void on_frame(frame_ptr f) override;
  void keep(const accepted_packet& packet, time_point now);
  void push(const accepted_packet& packet, time_point now);
  std::optional<time_point> completion() const;
  void look_at_tracks(time_point now);
  void measure(time_point now);

  // given
  live_media_ptr media_;
  const media_options options_;
  const track_wish wish_;
  std::function<void()> on_complete_;
  // owned
  reorder_buffer order_;
  std::optional<frame_maker> maker_;  // from begin() on
  std::optional<payload_set> payloads_;
  std::optional<silence> silence_;  // while there is no other sound
  std::deque<kept_packet> kept_;
  std::size_t kept_bytes_ = 0;
  // state
  time_point arrival_{};
  time_point newest_packet_{};
  decision how_;
  bool new_frames_ = false;
  bool complete_ = false;
  std::optional<time_point> first_track_;  // when a first track was known
  track_ptr video_, audio_track_;          // as the readers know them
  // figures of the last second
  time_point measured_{};
  std::uint64_t bytes_ = 0;
  std::uint64_t bytes_before_ = 0;
  std::uint64_t frames_before_ = 0;
};

}  // namespace berth::net
