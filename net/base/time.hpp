// The two clocks of Berth. Nothing below api/ reads a clock by itself where a test could want another time:
// the current time is an argument.
#pragma once

#include <chrono>
#include <cstdint>

namespace berth::net {

/// For deadlines, silence and intervals. It is the clock that CAF's actor clock uses, so virtual time reaches it too.
using clock = std::chrono::steady_clock;
using time_point = clock::time_point;
using duration = clock::duration;

/// Whole ones, as answers to people give them.
constexpr std::int64_t to_ms(duration d) noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}

/// For people and for NTP: never for a difference.
using wall_clock = std::chrono::system_clock;
using wall_time = wall_clock::time_point;

}  // namespace berth::net
