// Where released ports rest, still bound, until nobody sends to them any more.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include "net/base/endpoint.hpp"
#include "net/base/time.hpp"
#include "net/base/unique_fd.hpp"
#include "net/io/port_past.hpp"
#include "net/io/port_pool.hpp"

namespace berth::net {

/// The descriptors of one stream and the ports they are bound to.
struct bound_ports {
  endpoint local;  ///< bind address and RTP port
  unique_fd rtp;
  std::uint32_t drops_before = 0;  ///< that the kernel counted on the RTP socket for a former owner
  unique_fd rtcp;                  ///< none on a shared port
  unique_fd listener;              ///< TCP, same number as RTP

  /// Out of the kernel's count, which a datagram that came before the lease may be the last to tell.
  std::uint32_t drops_since(std::uint32_t counted) const noexcept {
    return counted > drops_before ? counted - drops_before : 0;
  }
  std::uint16_t port() const noexcept { return local.port(); }
  std::uint16_t width() const noexcept { return rtcp ? 2 : 1; }
};

/// A port at rest, as shown to operators.
struct resting_port {
  std::uint16_t port = 0;
  port_past past;
  time_point since;
  time_point last_heard;        ///< the release itself, until a packet comes
  std::uint64_t datagrams = 0;  ///< that came after the release, but for those dropped before the first was read
  media_sender sender;          ///< of the last one; before that, who fed the former stream (may be unset)
};

/// Holds released sockets until they have been silent for long enough: a port is not free when its socket closes, it is
/// free when nobody sends to it any more. Ordered by silence, the longest-silent first. Thousands of silent ports cost
/// nothing: an epoll set of its own tells which of them hear something.
/// Owned by the supervisor's allocator and touched only there; its sockets close with it.
class quarantine {
 public:
  struct entry {
    resting_port about;
    bound_ports ports;
    /// By the kernel on the RTP socket; none while nothing was heard, and its buffer is still that of a stream.
    std::optional<std::uint32_t> drops_counted{};
  };

  quarantine();

  void put(bound_ports ports, port_past past, time_point now);

  /// Reads what has arrived and hands out ports that have been silent for `silence`. Looks at `most` of them at most.
  std::vector<entry> sweep(duration silence, time_point now, std::size_t most = SIZE_MAX);

  /// True if a port has not been heard for so long, or has not been looked at.
  bool is_overdue(duration silence, time_point now) const {
    return !entries_.empty() && now - entries_.front().about.last_heard >= silence;
  }

  /// Whether a rest holds that number (as its RTP or RTCP port), at any address.
  bool holds(std::uint16_t port) const { return by_port_.contains(port); }
  /// The rest that has this address and RTP port; null if there is none.
  const entry* find(const endpoint& local) const;
  /// Takes out a rest that is in the way of `local`: it holds the number, at that address or at all.
  std::optional<entry> take(const endpoint& local);
  /// Takes out the rest that has been silent for the longest time, of those that have a port in `range`.
  std::optional<entry> take_longest_silent(const port_range& range);

  std::size_t size() const noexcept { return entries_.size(); }
  /// Those above the port `after`, in the order of their numbers, at most `most` of them, and others with the number of
  /// the last one.
  std::vector<resting_port> list(std::optional<std::uint16_t> after, std::size_t most) const;

 private:
  using position = std::list<entry>::iterator;
  void watch(int fd, position at);
  void hear(position at, time_point now);
  position position_of(const entry& e);
  entry extract(position at);

  unique_fd epoll_;
  std::list<entry> entries_;                        // by last_heard, ascending
  std::multimap<std::uint16_t, position> by_port_;  // RTP and RTCP ports; a number may rest at several addresses
};

}  // namespace berth::net
