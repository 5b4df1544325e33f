// How fast a sum grows now.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "net/base/time.hpp"

namespace berth::net {

/// The growth of a sum over about the last second. One thread tells it the sum, any may read.
class rate_meter {
 public:
  static constexpr duration window = std::chrono::seconds{1}, longest_pause = std::chrono::seconds{10};

  void note(std::uint64_t sum, time_point now) noexcept {
    const auto passed = now - begun_;
    if (passed < window) return;
    // After a long pause the time before it says nothing about now.
    const bool goes_on = passed < longest_pause;
    const auto ms = static_cast<std::uint64_t>(to_ms(passed));
    per_second_.store(goes_on ? (sum - before_) * 1000 / ms : 0, std::memory_order_relaxed);
    const auto good_until = now + 2 * std::min(passed, longest_pause) + window;
    good_until_.store(good_until.time_since_epoch().count(), std::memory_order_relaxed);
    begun_ = now;
    before_ = sum;
  }

  /// A second. 0 when nobody has told for much longer than before.
  std::uint64_t value(time_point now) const noexcept {
    const time_point good_until{duration{good_until_.load(std::memory_order_relaxed)}};
    return now < good_until ? per_second_.load(std::memory_order_relaxed) : 0;
  }

 private:
  time_point begun_;
  std::uint64_t before_ = 0;
  std::atomic<std::uint64_t> per_second_{0};
  std::atomic<duration::rep> good_until_{0};
};

}  // namespace berth::net
