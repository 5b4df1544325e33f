// The whole way from a stream's accepted packets to frames that can be watched.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "net/ingest/media_outlet.hpp"
#include "net/ingest/payload_set.hpp"
#include "net/ingest/reorder_buffer.hpp"
#include "net/rtp/rtp_receiver.hpp"

namespace berth::net {

/// reorder -> unpack -> frames. Until begin() it keeps packets, within a bound, since what becomes of them is not
/// decided.
/// Owned by a stream and touched by its reactor thread only.
class media_receiver final : private ordered_sink {
 public:
  using decision = media_outlet::decision;

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
  codec passed_over() const noexcept { return outlet_.passed_over(); }

 private:
  struct kept_packet {
    accepted_packet packet;  // its payload points into `bytes`
    std::vector<std::uint8_t> bytes;
    time_point arrival;
  };

  void on_packet(const ordered_packet& packet) override;
  void keep(const accepted_packet& packet, time_point now);
  void push(const accepted_packet& packet, time_point now);

  // given
  live_media_ptr media_;
  const media_options options_;
  // owned
  media_outlet outlet_;
  reorder_buffer order_;
  std::optional<payload_set> payloads_;  // from begin() on
  std::deque<kept_packet> kept_;
  std::size_t kept_bytes_ = 0;
  // state
  time_point arrival_{};
  time_point newest_packet_{};
};

}  // namespace berth::net
