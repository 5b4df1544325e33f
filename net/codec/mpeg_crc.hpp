// The checksum of MPEG-2 systems tables (ISO/IEC 13818-1 annex A).
#pragma once

#include "net/base/bytes.hpp"

namespace berth::net {

/// Polynomial 04C11DB7, begun with ones. Over a table with its own CRC at the end: 0.
constexpr std::uint32_t mpeg_crc(bytes_view bytes) noexcept {
  std::uint32_t crc = 0xffffffff;
  for (const auto b : bytes) {
    crc ^= std::uint32_t{b} << 24;
    for (int i = 0; i < 8; ++i) crc = (crc << 1) ^ ((crc & 0x80000000) != 0 ? 0x04c11db7U : 0U);
  }
  return crc;
}

}  // namespace berth::net
