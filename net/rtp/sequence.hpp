// Turns 16-bit sequence numbers into a line without wrap-around, and tells what is missing on it.
#pragma once

#include <array>
#include <cstdint>

namespace berth::net {

enum class sequence_verdict : std::uint8_t {
  in_order,      ///< a new highest number (numbers in between may be missing)
  reordered,     ///< behind the highest, but there for the first time
  restarted,     ///< the sender counts anew: everything starts over with this packet
  duplicate,     ///< was there already
  late,          ///< so old that nobody knows whether it was there
  out_of_order,  ///< ahead by a jump; believed when the next number follows it
};

constexpr bool is_accepted(sequence_verdict v) noexcept { return v <= sequence_verdict::restarted; }

/// Sequence numbers of one SSRC (RFC 3550 A.1, A.3), with a memory of the last `window` ones, so that a duplicate is
/// never counted as received and `lost()` is exactly what is missing between the first and the highest number.
/// A value, owned by a stream's receiver and touched by its thread only.
class sequence_tracker {
 public:
  static constexpr int window = 1024;
  static constexpr int max_dropout = 3000;  ///< a step ahead of this size is a jump, not loss
  /// Old packets that come in a row: a path that delivers its backlog, until they are this many; then a new start.
  static constexpr int late_run = 16;

  sequence_verdict update(std::uint16_t sequence) noexcept;

  std::uint64_t expected() const noexcept { return started_ ? static_cast<std::uint64_t>(highest_ - base_ + 1) : 0; }
  std::uint64_t received() const noexcept { return received_; }
  std::uint64_t lost() const noexcept { return expected() - received_; }
  /// Highest number with its cycles, which count from 0 at the first packet.
  std::uint64_t extended_highest() const noexcept { return static_cast<std::uint64_t>(highest_); }
  /// Number of the last accepted packet; negative if it precedes the first one across a wrap.
  std::int64_t last() const noexcept { return last_; }

 private:
  // One word more than the window needs, rounded up to a power of two: a whole word is cleared when it is entered.
  static constexpr std::size_t words = 32;

  void start(std::uint16_t sequence) noexcept;
  sequence_verdict jump(std::uint16_t sequence, bool ahead) noexcept;
  bool seen(std::int64_t number) const noexcept;
  void mark(std::int64_t number) noexcept;
  void advance(std::int64_t number) noexcept;

  std::int64_t base_ = 0;
  std::int64_t highest_ = 0;
  std::int64_t last_ = 0;
  std::uint64_t received_ = 0;
  int run_ = 0;  // refused packets in a row whose numbers follow each other
  std::uint16_t run_continues_ = 0;
  bool started_ = false;
  std::array<std::uint64_t, words> seen_{};
};

}  // namespace berth::net
