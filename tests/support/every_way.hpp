// Runs something once for every way it can go: what chance would choose is chosen in turn.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <vector>

namespace berth::tests {

/// The choices of one run. A value of for_every_way(); not shared.
class choices {
 public:
  /// One of 0 .. count - 1.
  std::size_t operator()(std::size_t count) {
    if (at_ == taken_.size()) taken_.push_back({0, count});
    if (taken_[at_].count != count) throw std::logic_error("a run is not repeatable: it had another choice before");
    return taken_[at_++].which;
  }

  /// The choices of the next run; false after the last.
  bool advance() {
    at_ = 0;
    while (!taken_.empty() && ++taken_.back().which == taken_.back().count) taken_.pop_back();
    return !taken_.empty();
  }

 private:
  struct choice {
    std::size_t which, count;
  };
  std::vector<choice> taken_;
  std::size_t at_ = 0;
};

/// Calls run(choices&) for every sequence of choices, depth first; returns how many there were. The run has to depend
/// on nothing but its choices.
template <class Run>
std::size_t for_every_way(Run run) {
  choices c;
  std::size_t runs = 0;
  do {
    run(c);
    ++runs;
  } while (c.advance());
  return runs;
}

}  // namespace berth::tests
