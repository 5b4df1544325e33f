// The one place of the tests where time passes: everybody else says what has to become true.
#pragma once

#include <chrono>
#include <thread>

namespace berth::tests {

/// Looks at `holds` again and again until it is true or `patience` is over; its last word is the result.
/// The patience is a bound for a failure, never a pause: a condition that holds is noticed within milliseconds.
template <class Predicate>
bool eventually(std::chrono::milliseconds patience, Predicate&& holds) {
  const auto end = std::chrono::steady_clock::now() + patience;
  auto pause = std::chrono::microseconds{200};
  for (;;) {
    if (holds()) return true;
    if (std::chrono::steady_clock::now() >= end) return holds();
    std::this_thread::sleep_for(pause);
    if (pause < std::chrono::milliseconds{10}) pause *= 2;
  }
}

/// True if `holds` stays true for the whole of `time`: for what must not happen.
template <class Predicate>
bool throughout(std::chrono::milliseconds time, Predicate&& holds) {
  return !eventually(time, [&] { return !holds(); });
}

}  // namespace berth::tests
