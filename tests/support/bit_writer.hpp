// Writes what bit_reader reads, so that a test can spell out a syntax table row by row.
#pragma once

#include <cstdint>

#include "tests/support/packets.hpp"

namespace berth::tests {

/// Most significant bit first. A value.
class bit_writer {
 public:
  bit_writer& bits(std::uint64_t value, unsigned count) {
    while (count-- > 0) {
      if (used_ == 0) bytes_.push_back(0);
      bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | (((value >> count) & 1) << (7 - used_)));
      used_ = (used_ + 1) % 8;
    }
    return *this;
  }
  bit_writer& bit(bool value) { return bits(value ? 1 : 0, 1); }
  /// ISO/IEC 14496-10 9.1.
  bit_writer& ue(std::uint64_t value) {
    unsigned length = 0;
    while (((value + 1) >> length) > 1) ++length;
    return bits(0, length).bits(value + 1, length + 1);
  }
  bit_writer& se(std::int64_t value) { return ue(static_cast<std::uint64_t>(value > 0 ? 2 * value - 1 : -2 * value)); }

  /// As they stand.
  const bytes& raw() const { return bytes_; }
  /// Behind `header`, with rbsp_trailing_bits and emulation prevention: a NAL unit (ISO/IEC 14496-10 7.3.1, 7.4.1.1).
  bytes nal(const bytes& header) const {
    auto ended = *this;
    ended.bit(true);
    bytes out = header;
    int zeros = 0;
    for (const auto byte : ended.bytes_) {
      if (zeros == 2 && byte <= 3) {
        out.push_back(3);
        zeros = 0;
      }
      zeros = byte == 0 ? zeros + 1 : 0;
      out.push_back(byte);
    }
    return out;
  }

 private:
  bytes bytes_;
  unsigned used_ = 0;
};

}  // namespace berth::tests
