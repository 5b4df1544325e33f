#include "net/codec/bit_reader.hpp"

namespace berth::net {

bool bit_reader::bit() noexcept {
  if (used_ == 0 && remove_ && zeros_ >= 2 && at_ < bytes_.size() && bytes_[at_] == 3) {
    ++at_;
    zeros_ = 0;
  }
  if (at_ >= bytes_.size()) {
    failed_ = true;
    return false;
  }
  const bool value = (bytes_[at_] >> (7 - used_)) & 1;
  if (++used_ == 8) {
    zeros_ = bytes_[at_] == 0 ? zeros_ + 1 : 0;
    used_ = 0;
    ++at_;
  }
  return value;
}

std::uint32_t bit_reader::bits(unsigned count) noexcept {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < count; ++i) value = (value << 1) | (bit() ? 1U : 0U);
  return value;
}

void bit_reader::skip(unsigned count) noexcept {
  for (unsigned i = 0; i < count && !failed_; ++i) bit();
}

std::uint32_t bit_reader::ue() noexcept {
  unsigned zeros = 0;
  while (!bit()) {
    if (failed_ || ++zeros > 31) {
      failed_ = true;
      return 0;
    }
  }
  const auto rest = bits(zeros);
  return failed_ ? 0 : (std::uint32_t{1} << zeros) - 1 + rest;
}

std::int32_t bit_reader::se() noexcept {
  const auto k = static_cast<std::int64_t>(ue());
  return static_cast<std::int32_t>(k % 2 == 1 ? (k + 1) / 2 : -(k / 2));
}

}  // namespace berth::net
