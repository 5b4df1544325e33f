// Builds RTP and RTCP bytes for tests, field by field.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "net/base/bytes.hpp"

namespace berth::tests {

using bytes = std::vector<std::uint8_t>;

struct rtp_fields {
  std::uint16_t sequence = 1;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0x11223344;
  std::uint8_t payload_type = 96;
  bool marker = false;
  std::size_t payload = 20;  ///< bytes
  std::uint8_t fill = 0xbd;
};

/// RFC 3550 5.1.
inline bytes make_rtp(const rtp_fields& f = {}) {
  bytes b(12 + f.payload, f.fill);
  b[0] = 0x80;
  b[1] = static_cast<std::uint8_t>((f.marker ? 0x80 : 0) | f.payload_type);
  net::store_be16(&b[2], f.sequence);
  net::store_be32(&b[4], f.timestamp);
  net::store_be32(&b[8], f.ssrc);
  return b;
}

/// Numbers the packets of one stream, 25 frames a second of one packet each on a 90 kHz clock. A value.
class rtp_source {
 public:
  explicit rtp_source(std::uint32_t ssrc, std::uint16_t first_sequence = 1) : ssrc_(ssrc), sequence_(first_sequence) {}

  bytes next(std::size_t payload = 160) {
    auto f = fields();
    f.payload = payload;
    ++sequence_;
    timestamp_ += 3600;
    return make_rtp(f);
  }
  /// Numbers go by that nobody will see.
  void skip(std::uint16_t packets) { sequence_ = static_cast<std::uint16_t>(sequence_ + packets); }

  /// Of the next packet.
  rtp_fields fields() const { return {.sequence = sequence_, .timestamp = timestamp_, .ssrc = ssrc_, .payload = 160}; }
  std::uint32_t ssrc() const noexcept { return ssrc_; }
  void set_ssrc(std::uint32_t ssrc) noexcept { ssrc_ = ssrc; }
  std::uint16_t sequence() const noexcept { return sequence_; }  ///< of the next packet

 private:
  std::uint32_t ssrc_;
  std::uint16_t sequence_;
  std::uint32_t timestamp_ = 0;
};

/// One RTCP packet: the header's count and type, then 32-bit words.
inline bytes make_rtcp(std::uint8_t count, std::uint8_t type, const std::vector<std::uint32_t>& words) {
  bytes b(4 + 4 * words.size());
  b[0] = static_cast<std::uint8_t>(0x80 | count);
  b[1] = type;
  net::store_be16(&b[2], static_cast<std::uint16_t>(words.size()));
  for (std::size_t i = 0; i < words.size(); ++i) net::store_be32(&b[4 + 4 * i], words[i]);
  return b;
}

/// RFC 3550 6.4.1, without report blocks.
inline bytes make_sender_report(std::uint32_t ssrc, std::uint64_t ntp, std::uint32_t timestamp = 9000,
                                std::uint32_t packets = 10, std::uint32_t octets = 2000) {
  return make_rtcp(
      0, 200,
      {ssrc, static_cast<std::uint32_t>(ntp >> 32), static_cast<std::uint32_t>(ntp), timestamp, packets, octets});
}

// Not by insert(): g++ 12 believes that it writes out of bounds.
inline void append(bytes& to, const bytes& more) { net::put(to, more); }

inline bytes joined(std::initializer_list<bytes> parts) {
  bytes all;
  for (const auto& p : parts) append(all, p);
  return all;
}

/// Where `what` begins in `b`; the size of `b` if nowhere.
inline std::size_t find(net::bytes_view b, std::string_view what) {
  const auto at = std::search(b.begin(), b.end(), what.begin(), what.end(),
                              [](std::uint8_t x, char y) { return x == static_cast<std::uint8_t>(y); });
  return static_cast<std::size_t>(at - b.begin());
}

}  // namespace berth::tests
