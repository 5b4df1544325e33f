// How often a test repeats what gets more certain by repetition: seeds, rounds, calls.
#pragma once

#include <cstdlib>

namespace berth::tests {

/// 1, or how many times as long everything is to take: `tests/run long` sets BERTH_TESTS_LONG.
inline int long_factor() {
  static const int factor = [] {
    const char* const said = std::getenv("BERTH_TESTS_LONG");
    const int number = said != nullptr ? std::atoi(said) : 1;
    return number > 1 ? number : 1;
  }();
  return factor;
}

/// `usual` times, in a long run many times as often.
template <class Count>
Count at_length(Count usual) {
  return usual * static_cast<Count>(long_factor());
}

}  // namespace berth::tests
