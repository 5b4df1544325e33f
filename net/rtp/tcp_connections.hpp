// The TCP connections that feed one stream or shared port: accepted ones, and the one that Berth makes itself.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "net/base/endpoint.hpp"
#include "net/base/unique_fd.hpp"
#include "net/io/poller.hpp"
#include "net/rtp/stream_counters.hpp"
#include "net/rtp/tcp_framing.hpp"

namespace berth::net {

/// Accepts, reads and frames. A connection that carries nothing acceptable is worth less than one that does: when there
/// are too many, such a one goes first, and the end of any connection ends nothing but itself.
/// Owned by a stream or shared port and touched by its reactor thread only; its sockets close with it.
class tcp_connections {
 public:
  /// Takes one frame; true if it was acceptable.
  using frame_sink = std::function<bool(const tcp_frame& frame, const endpoint& peer, time_point now)>;
  /// Told after a connection is gone. `system_errno` is 0 at an orderly end.
  using end_sink = std::function<void(const endpoint& peer, int system_errno)>;

  struct options {
    std::size_t max_connections = 8;
    std::size_t max_frame = tcp_framing::default_max_frame;
    std::uint32_t first_tag = 16;  ///< registers its sockets under this tag and those behind it
  };

  tcp_connections(poller& poller, io_handler& owner, stream_counters& counters, options o, frame_sink on_frame,
                  end_sink on_end);
  ~tcp_connections() { close_all(); }
  tcp_connections(const tcp_connections&) = delete;
  tcp_connections& operator=(const tcp_connections&) = delete;

  /// Accepts what waits at `listener`.
  void accept_from(int listener, time_point now);
  /// Takes over a connected socket. False if there is no place for it, or the kernel does not watch it: it is closed.
  bool adopt(unique_fd socket, const endpoint& peer, time_point now);
  /// True if the tag is one of its own.
  bool owns(std::uint32_t tag) const noexcept { return tag >= options_.first_tag; }
  /// Reads from the connection of `tag` into `buffer`, one buffer-full at most a call.
  void on_ready(std::uint32_t tag, std::span<std::uint8_t> buffer, time_point now);
  void close_all();

  /// The peer of one of them, the oldest; unset if there is none.
  endpoint first_peer() const noexcept;
  /// The socket of a peer, for who writes to it; -1 if there is none.
  int socket_of(const endpoint& peer) const noexcept;
  /// The owner's on_ready() gets EPOLLOUT for this peer too, or does not any more.
  void watch_for_room(const endpoint& peer, bool wanted);

  std::size_t size() const noexcept { return used_; }

 private:
  struct connection {
    unique_fd socket;
    poller::key registration = poller::none;
    endpoint peer;
    tcp_framing framing;
    time_point since;
    bool acceptable = false;
    std::uint64_t resyncs_seen = 0;
    std::uint64_t skipped_seen = 0;
  };

  connection* find(const endpoint& peer) const noexcept;
  void close(std::size_t index);
  bool make_room();

  poller& poller_;
  io_handler& owner_;
  stream_counters& counters_;
  options options_;
  frame_sink on_frame_;
  end_sink on_end_;
  std::vector<std::unique_ptr<connection>> slots_;  // a connection's tag is first_tag + its index
  std::size_t used_ = 0;
};

}  // namespace berth::net
