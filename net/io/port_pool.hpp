// Which RTP/RTCP port pairs of the configured range are free. Pure bookkeeping: no sockets, no clock.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

namespace berth::net {

/// Ports first..last, both included, that streams may be given.
struct port_range {
  std::uint16_t first = 30000;
  std::uint16_t last = 35000;

  bool operator==(const port_range&) const = default;
  bool contains(std::uint16_t port) const noexcept { return first <= port && port <= last; }
  /// Pairs of an even RTP and the following odd RTCP port that lie whole in the range.
  std::size_t pairs() const noexcept;
};

/// A free list, first in, first out, so that a port rests as long as possible before it is used again.
/// A pair is named by its even port. Owned by the supervisor's allocator and touched only there.
class port_pool {
 public:
  /// `start` rotates the initial order: after a restart the ports of before should not be the first ones again.
  explicit port_pool(port_range range, std::uint32_t start = 0);

  /// Takes the pair that has been free for the longest time.
  std::optional<std::uint16_t> take();

  /// Marks the pairs that `port` .. `port + width - 1` touch as taken, as a request for explicit ports does; pairs
  /// outside the range are nobody's business. False, and nothing changes, if one of them is taken already.
  bool reserve(std::uint16_t port, std::uint16_t width);
  /// Undoes reserve().
  void unreserve(std::uint16_t port, std::uint16_t width);

  /// Gives a taken pair back, to the end of the list. A pair that a new range left out just goes.
  void give_back(std::uint16_t even_port);

  /// Applies to later requests; pairs in use stay in use and are forgotten when they come back.
  void set_range(port_range range);
  const port_range& range() const noexcept { return range_; }

  std::size_t free() const noexcept { return free_count_; }
  /// Pairs of the present range.
  std::size_t size() const noexcept { return range_.pairs(); }

 private:
  enum class status : std::uint8_t { free, taken };
  struct pair {
    status now = status::free;
    std::uint32_t ticket = 0;  // the entry of the free list that counts; older ones are stale
  };
  struct ticket {
    std::uint16_t port;
    std::uint32_t number;
  };

  static std::uint16_t even(std::uint32_t port) noexcept { return static_cast<std::uint16_t>(port & ~1U); }
  bool in_range(std::uint16_t even_port) const noexcept;
  void append(std::uint16_t even_port, pair& p);

  port_range range_;
  std::unordered_map<std::uint16_t, pair> pairs_;
  std::deque<ticket> order_;
  std::size_t free_count_ = 0;
  std::uint32_t next_ticket_ = 0;
};

}  // namespace berth::net
