// From a stream's fan-out to one receiver's socket.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "net/base/counter.hpp"
#include "net/base/endpoint.hpp"
#include "net/base/rate_meter.hpp"
#include "net/egress/rtp_packetizer.hpp"
#include "net/media/fan_out.hpp"

namespace berth::net {

/// What one sender has sent. Written by the sender's thread, read by any.
struct send_counters {
  counter packets;
  counter bytes;    ///< of RTP, its headers included
  counter skipped;  ///< frames that were gone before they could be sent
  counter unsent;   ///< packets that the system refused
  rate_meter rate;  ///< of `bytes`
};

/// Takes frames one by one, when the socket has taken the one before: the fan-out's ring is the only queue, and a
/// receiver that is too slow for it goes on at a key frame. Neither blocks nor waits; the owner calls again.
/// Owned by a sender and touched by its reactor thread only.
class rtp_pump {
 public:
  enum class state : std::uint8_t {
    drained,  ///< all there is was sent: call again when frames have come
    blocked,  ///< call again when the socket can be written to
    paced,    ///< enough for now: call again after `pace`
    ended,    ///< the stream is over, and all of it was sent
    failed,   ///< TCP: the connection is of no use any more; error() says why
  };
  /// A burst of key frames goes over UDP at no more than this, so that it does not overrun the receiver's buffer.
  static constexpr std::size_t packets_a_turn = 64;
  static constexpr duration pace = std::chrono::milliseconds{2};

  rtp_pump(fan_out_ptr frames, std::unique_ptr<rtp_packetizer> by, send_counters& counters)
      : frames_(std::move(frames)), packetizer_(std::move(by)), counters_(counters) {}

  /// From now on the stream has a viewer more, and `wake` is called for new frames: once, until the next to_udp() or
  /// to_tcp(). See fan_out::place.
  void join(fan_out::wake_function wake);
  void leave(time_point now);

  state to_udp(int fd, const endpoint& to);
  state to_tcp(int fd);

  /// The last error of the system, 0 if there was none since take_error().
  int error() const noexcept { return error_; }
  int take_error() noexcept { return std::exchange(error_, 0); }
  const rtp_writer& writer() const noexcept { return packetizer_->writer(); }
  int clock_rate() const noexcept { return packetizer_->clock_rate(); }

 private:
  void begin_turn();
  bool fill();
  state emptied() const noexcept { return over_ ? state::ended : state::drained; }

  fan_out_ptr frames_;
  std::unique_ptr<rtp_packetizer> packetizer_;
  send_counters& counters_;
  std::unique_ptr<fan_out::place> place_;
  fan_out::position at_;
  std::deque<frame_ptr> waiting_;  // a few frames that were read together
  bool over_ = false;
  rtp_batch batch_;       // of the frame under way
  std::size_t done_ = 0;  // UDP: packets of it that were sent; TCP: bytes
  int error_ = 0;
};

}  // namespace berth::net
