// Latencies of a run, each within one percent, from a nanosecond to hours, in constant memory.
#pragma once

#include <bit>
#include <chrono>
#include <cstdint>
#include <vector>

namespace berth::bench {

/// Log-linear buckets in the manner of the high-dynamic-range histograms: 128 for each power of two, so that no bucket is
/// wider than 0.8 % of what it holds. A value; one thread writes, merge() joins threads afterwards.
class latency_histogram {
 public:
  latency_histogram() : buckets_(bucket_count) {}

  void record(std::chrono::nanoseconds latency) noexcept {
    const auto v = static_cast<std::uint64_t>(latency.count() > 0 ? latency.count() : 0);
    ++buckets_[index(v)];
    ++count_;
    sum_ += v;
    if (v > max_) max_ = v;
  }
  void merge(const latency_histogram& other) noexcept {
    for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    if (other.max_ > max_) max_ = other.max_;
  }

  std::uint64_t count() const noexcept { return count_; }
  /// Microseconds. The middle of the bucket that the given share (0..1) of all values does not exceed; 0 without any.
  double percentile_us(double share) const noexcept;
  double mean_us() const noexcept {
    return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_) / 1e3;
  }
  double max_us() const noexcept { return static_cast<double>(max_) / 1e3; }

 private:
  static constexpr unsigned linear_bits = 8;  // below 2^8 a bucket is one nanosecond
  static constexpr std::uint64_t half = std::uint64_t{1} << (linear_bits - 1);
  static constexpr std::size_t bucket_count = (64 - linear_bits + 2) * half;

  static std::size_t index(std::uint64_t v) noexcept {
    if (v < 2 * half) return v;
    const auto shift = static_cast<unsigned>(std::bit_width(v)) - linear_bits;
    return shift * half + (v >> shift);
  }
  static double middle(std::size_t i) noexcept;

  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace berth::bench
