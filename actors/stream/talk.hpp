// What a stream sends back to where it comes from.
#pragma once

#include "actors/contract/sending.hpp"
#include "actors/stream/intake.hpp"
#include "net/io/poller.hpp"
#include "net/rtp/tcp_connections.hpp"

namespace berth::actors {

/// One sender over the sockets of a receiving stream: its TCP connection, the first one if there are several, else its
/// UDP port. Waits until there is somebody to send to.
/// Owned by a stream and touched by its reactor thread only. When it is over, the reason stands in the shared state.
class talk {
 public:
  /// The stream's own.
  struct sockets {
    net::poller& poller;
    net::io_handler& handler;
    std::uint32_t pace_tag;  ///< of the timer after which the stream calls proceed()
    mooring& shared;
    const net::poller::key& rtp;
    net::tcp_connections& connections;
    intake& received;
  };

  talk(std::uint64_t id, sending what, const sockets& over, net::fan_out::wake_function wake)
      : id_(id), what_(std::move(what)), over_(over), wake_(std::move(wake)), udp_peer_(what_.request.remote) {
    what_.shared->begun = true;
  }

  /// Sends what there is, if there is somebody to send to. Call it when there may be: a packet came, a connection, room
  /// in a socket, frames.
  void proceed(net::time_point now);
  void pace_is_over(net::time_point now);
  void connection_ended(const net::endpoint& peer, net::time_point now);
  void end(send_end why, std::string text, net::time_point now);

  std::uint64_t id() const noexcept { return id_; }
  bool over() const noexcept { return ended_; }
  bool begun() const noexcept { return begun_; }

 private:
  bool find_receiver();
  void watch_for_room(bool wanted);

  std::uint64_t id_;
  sending what_;
  sockets over_;
  net::fan_out::wake_function wake_;
  net::endpoint udp_peer_;  // the last sender that was known: the stream may have forgotten it
  net::endpoint tcp_peer_;  // unset: UDP
  net::poller::key pace_ = net::poller::none;
  net::time_point last_progress_{};
  std::uint64_t bytes_before_ = 0;
  bool begun_ = false;
  bool ended_ = false;
  bool want_room_ = false;
};

}  // namespace berth::actors
