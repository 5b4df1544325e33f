// Decoding times for pictures that come with presentation times only, as RTP has them (RFC 6184 5.1).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace berth::net {

/// With B-frames the n-th picture's decoding time is the n-th smallest presentation time, late by the depth of the
/// reordering. The depth is what the parameter sets say, or is learned from the first picture that goes back.
/// A value, owned by a frame maker. Any input is allowed; the result is never behind the one before.
class decoding_order {
 public:
  static constexpr std::size_t max_depth = 4;

  /// `depth`: as announced; `distance`: of two pictures, for the first ones.
  std::int64_t place(std::int64_t pts, int depth, std::int64_t distance) noexcept;
  void reset() noexcept { *this = {}; }

 private:
  std::array<std::int64_t, max_depth + 1> waiting_{};  // the smallest first
  std::size_t count_ = 0;
  std::size_t depth_ = 0;
  std::int64_t last_ = 0;
  bool begun_ = false;
};

}  // namespace berth::net
