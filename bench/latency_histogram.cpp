#include "bench/latency_histogram.hpp"

#include <cmath>

namespace berth::bench {

double latency_histogram::middle(std::size_t i) noexcept {
  if (i < 2 * half) return static_cast<double>(i);
  const auto shift = i / half - 1;
  const auto lowest = static_cast<double>((i - shift * half) << shift);
  return lowest + static_cast<double>(std::uint64_t{1} << shift) / 2;
}

double latency_histogram::percentile_us(double share) const noexcept {
  if (count_ == 0) return 0;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= wanted && seen > 0) return std::min(middle(i), static_cast<double>(max_)) / 1e3;
  }
  return max_us();
}

}  // namespace berth::bench
