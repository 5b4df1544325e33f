// Which RTP/RTCP port pairs of the configured range are free, and what the others are used for. Pure bookkeeping: no
// sockets, no clock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>

#include "net/base/time.hpp"

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

/// What a port is held for.
enum class port_use : std::uint8_t { lease, rest };

/// A free list, first in, first out, so that a port rests as long as possible before it is used again. It forbids
/// nothing: whether a port can be had is for the kernel to say, and one number may be held more than once, at different
/// addresses. A pair is named by its even port, and counts as what it is held for most urgently: each pair of the range
/// is leased, resting, set aside or free.
/// Owned by the supervisor's allocator and touched only there. As large as the range and what is held beside it.
class port_pool {
 public:
  /// `start` rotates the initial order: after a restart the ports of before should not be the first ones again.
  explicit port_pool(port_range range, std::uint32_t start = 0);

  /// The pair that has been free for the longest time. It stays free until somebody holds it.
  std::optional<std::uint16_t> first_free() const;
  /// The pair that has been set aside for the longest time.
  std::optional<std::uint16_t> first_aside() const;

  /// The ports `port` .. `port + width - 1` are held from now on, and the pairs that they touch.
  void hold(std::uint16_t port, std::uint16_t width, port_use use);
  /// Undoes hold(). A pair that nobody holds any more goes to the end of the list; one that a new range left out just
  /// goes.
  void let_go(std::uint16_t port, std::uint16_t width, port_use use);

  bool is_leased(std::uint16_t port) const;
  /// Somebody else has a port of this free pair: it is not tried before `until`, if others are free.
  void set_aside(std::uint16_t even_port, time_point until);
  /// Whose time is over is free again.
  void end_set_aside(time_point now);

  /// Applies to later requests; pairs in use stay in use and are forgotten when they come back.
  void set_range(port_range range);
  const port_range& range() const noexcept { return range_; }

  /// Pairs of the present range: size() is the sum of the four.
  std::size_t size() const noexcept { return range_.pairs(); }
  std::size_t free() const noexcept { return count(state::free); }
  std::size_t leased() const noexcept { return count(state::leased); }
  std::size_t resting() const noexcept { return count(state::resting); }
  std::size_t aside() const noexcept { return count(state::aside); }
  /// Pairs that are held and do not lie in the range.
  std::size_t outside() const noexcept { return count(state::outside); }

 private:
  enum class state : std::uint8_t { free, leased, resting, aside, outside };
  using order = std::list<std::uint16_t>;
  struct pair {
    std::array<std::uint32_t, 2> held{};  // by use
    bool is_aside = false;
    time_point until;            // if it is
    state now = state::outside;  // as counted
    order::iterator at;          // in the list of the free, or of those set aside
  };
  using pairs = std::map<std::uint16_t, pair>;

  static std::uint16_t even(std::uint32_t port) noexcept { return static_cast<std::uint16_t>(port & ~1U); }
  bool in_range(std::uint16_t even_port) const noexcept;
  std::size_t count(state s) const noexcept { return counts_[static_cast<std::size_t>(s)]; }
  state state_of(std::uint16_t even_port, const pair& p) const noexcept;
  pair& at(std::uint16_t even_port);
  void settle(pairs::iterator which);

  port_range range_;
  pairs pairs_;  // of the range, and those that are held
  order free_, aside_;
  std::array<std::size_t, 5> counts_{};
};

}  // namespace berth::net
