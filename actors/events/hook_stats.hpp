// What became of the hooks, in numbers that add up.
#pragma once

#include <array>
#include <cstdint>

#include "actors/events/hook.hpp"
#include "net/base/figure.hpp"

namespace berth::actors {

/// Of one hook. Every delivery ends in exactly one way:
///   taken = delivered + refused + failed + dropped + queued.
struct hook_counters {
  std::uint64_t taken = 0;      ///< deliveries there were to make
  std::uint64_t sent = 0;       ///< first tries
  std::uint64_t retried = 0;    ///< further tries
  std::uint64_t delivered = 0;  ///< ended well
  std::uint64_t refused = 0;    ///< the receiver answered with another code than 0
  std::uint64_t failed = 0;     ///< the last try failed
  std::uint64_t dropped = 0;    ///< a bound was reached, or the hook was switched off, before it was told
  std::uint64_t queued = 0;     ///< now: waiting, or under way
};

inline constexpr auto hook_figures = [] {
  using c = hook_counters;
  using net::figure_kind;
  return std::to_array<net::figure<c>>(
      {{"taken", figure_kind::total, &c::taken, "Hooks there were to send."},
       {"sent", figure_kind::total, &c::sent, "First tries to send a hook."},
       {"retried", figure_kind::total, &c::retried, "Further tries to send a hook."},
       {"delivered", figure_kind::total, &c::delivered, "Hooks answered with code 0."},
       {"refused", figure_kind::total, &c::refused, "Hooks answered with another code."},
       {"failed", figure_kind::total, &c::failed, "Hooks given up after the last try."},
       {"dropped", figure_kind::total, &c::dropped, "Hooks dropped at a bound, or switched off while they waited."},
       {"queued", figure_kind::level, &c::queued, "Hooks that wait or are under way."}});
}();

struct hook_stats {
  std::array<hook_counters, hook_name_count> hooks;
  std::uint64_t in_flight = 0;       ///< tries under way now
  std::uint64_t dead_receivers = 0;  ///< receivers now that failed several times in a row
  std::string last_failure;          ///< in words; empty = there was none

  const hook_counters& operator[](hook_name name) const noexcept { return hooks[static_cast<std::size_t>(name)]; }
  hook_counters& operator[](hook_name name) noexcept { return hooks[static_cast<std::size_t>(name)]; }
};

}  // namespace berth::actors
