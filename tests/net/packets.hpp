// Builds RTP and RTCP bytes for tests, field by field.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "net/bytes.hpp"

namespace berth::net::testing {

using bytes = std::vector<std::uint8_t>;

struct rtp_fields {
  std::uint16_t sequence = 1;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0x11223344;
  std::uint8_t payload_type = 96;
  bool marker = false;
  std::size_t payload = 20;
  std::uint8_t fill = 0xbd;
};

inline bytes make_rtp(const rtp_fields& f = {}) {
  bytes b(12 + f.payload, f.fill);
  b[0] = 0x80;
  b[1] = static_cast<std::uint8_t>((f.marker ? 0x80 : 0) | f.payload_type);
  store_be16(&b[2], f.sequence);
  store_be32(&b[4], f.timestamp);
  store_be32(&b[8], f.ssrc);
  return b;
}

/// One RTCP packet: the header's count and type, then 32-bit words.
inline bytes make_rtcp(std::uint8_t count, std::uint8_t type, const std::vector<std::uint32_t>& words) {
  bytes b(4 + 4 * words.size());
  b[0] = static_cast<std::uint8_t>(0x80 | count);
  b[1] = type;
  store_be16(&b[2], static_cast<std::uint16_t>(words.size()));
  for (std::size_t i = 0; i < words.size(); ++i) store_be32(&b[4 + 4 * i], words[i]);
  return b;
}

inline bytes make_sender_report(std::uint32_t ssrc, std::uint32_t ntp_seconds, std::uint32_t ntp_fraction) {
  return make_rtcp(0, 200, {ssrc, ntp_seconds, ntp_fraction, 9000, 10, 2000});
}

// Not by insert(): g++ 12 believes that it writes out of bounds.
inline void append(bytes& to, const bytes& more) {
  const auto at = to.size();
  to.resize(at + more.size());
  std::copy(more.begin(), more.end(), to.begin() + static_cast<std::ptrdiff_t>(at));
}

}  // namespace berth::net::testing
