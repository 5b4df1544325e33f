#include "net/rtp/sequence.hpp"

#include <algorithm>

namespace berth::net {

sequence_verdict sequence_tracker::update(std::uint16_t sequence) noexcept {
  if (!started_) {
    start(sequence);
    return sequence_verdict::in_order;
  }
  const int distance = static_cast<std::int16_t>(sequence - static_cast<std::uint16_t>(highest_));
  if (distance >= max_dropout) return jump(sequence, true);
  if (distance <= -window) return jump(sequence, false);

  const std::int64_t number = highest_ + distance;
  if (distance > 0) {
    advance(number);
    run_ = 0;
  } else {
    if (seen(number)) return sequence_verdict::duplicate;
    // One that was overtaken by the very first packet: the sequence began earlier than it seemed.
    base_ = std::min(base_, number);
  }
  mark(number);
  ++received_;
  last_ = number;
  return distance > 0 ? sequence_verdict::in_order : sequence_verdict::reordered;
}

void sequence_tracker::start(std::uint16_t sequence) noexcept {
  *this = {};
  base_ = highest_ = last_ = sequence;
  received_ = 1;
  started_ = true;
  mark(sequence);
}

// RFC 3550 A.1 (bad_seq): a number from elsewhere is believed when its successor follows.
sequence_verdict sequence_tracker::jump(std::uint16_t sequence, bool ahead) noexcept {
  run_ = run_ > 0 && sequence == run_continues_ ? run_ + 1 : 1;
  run_continues_ = static_cast<std::uint16_t>(sequence + 1);
  if (run_ < (ahead ? 2 : late_run)) return ahead ? sequence_verdict::out_of_order : sequence_verdict::late;
  start(sequence);
  return sequence_verdict::restarted;
}

bool sequence_tracker::seen(std::int64_t number) const noexcept {
  const auto n = static_cast<std::uint64_t>(number);
  return (seen_[n / 64 % words] >> (n % 64) & 1) != 0;
}

void sequence_tracker::mark(std::int64_t number) noexcept {
  const auto n = static_cast<std::uint64_t>(number);
  seen_[n / 64 % words] |= std::uint64_t{1} << (n % 64);
}

// Moves the highest number and clears the words that it enters: what they hold is older than the window.
void sequence_tracker::advance(std::int64_t number) noexcept {
  const std::int64_t last_word = number >> 6;
  std::int64_t word = std::max((highest_ >> 6) + 1, last_word - static_cast<std::int64_t>(words) + 1);
  for (; word <= last_word; ++word) seen_[static_cast<std::uint64_t>(word) % words] = 0;
  highest_ = number;
}

}  // namespace berth::net
