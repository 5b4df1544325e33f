// The one place that reads an RTP header: what passes here can be used without a further length check.
#pragma once

#include <cstdint>

#include "net/base/bytes.hpp"
#include "net/base/result.hpp"
#include "net/rtp/stream_counters.hpp"

namespace berth::net {

/// A view of one RTP packet. Owns nothing: it is valid for as long as the bytes that were parsed.
struct rtp_packet {
  bool marker = false;
  std::uint8_t payload_type = 0;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0;
  bytes_view payload;  ///< without CSRC list, extension and padding; may be empty
  bytes_view whole;
};

inline constexpr std::size_t rtp_header_size = 12;

/// Could the first two bytes of a packet be those of RTP? Version 2, and not a packet type of RTCP.
/// RFC 5761 4 leaves 192..223 in the second byte to RTCP; RFC 3551 6 reserves payload types 72..76 for the same reason.
constexpr bool is_rtp_start(std::uint8_t first, std::uint8_t second) noexcept {
  const unsigned payload_type = second & 0x7fU;
  return (first >> 6) == 2 && (second < 192 || second > 223) && (payload_type < 72 || payload_type > 76);
}

/// Validates everything that RFC 3550 5.1 and A.1 let one packet prove, or says which cause it is to be refused for.
result<rtp_packet, refusal> parse_rtp(bytes_view bytes) noexcept;

}  // namespace berth::net
