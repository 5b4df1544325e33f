// Reads what a sender's RTCP says about its stream, and writes the receiver report that answers it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "net/base/bytes.hpp"
#include "net/base/result.hpp"
#include "net/base/time.hpp"

namespace berth::net {

/// Why a compound packet is not RTCP.
enum class rtcp_fault : std::uint8_t {
  too_short,    ///< fewer than 4 bytes where a packet has to start
  bad_version,  ///< version is not 2
  bad_type,     ///< packet type outside 192..223
  bad_length,   ///< the length field reaches past the end, or the packet is too short for what it counts
  bad_padding,  ///< padding in a packet that is not the last, or of an impossible size
};
inline constexpr std::size_t rtcp_fault_count = static_cast<std::size_t>(rtcp_fault::bad_padding) + 1;

/// The fault as a JSON name, e.g. "bad_length".
std::string_view to_string(rtcp_fault fault) noexcept;

/// The sender information of RFC 3550 6.4.1.
struct sender_report {
  std::uint32_t ssrc = 0;
  std::uint64_t ntp = 0;  ///< seconds since 1900 in the upper half, their fraction in the lower
  std::uint32_t rtp_timestamp = 0;
  std::uint32_t packets = 0;
  std::uint32_t octets = 0;
};

/// Seconds since 1900 and their fraction (RFC 3550 4).
std::uint64_t ntp_time(wall_time t) noexcept;

/// What a compound packet holds that matters to a receiver.
struct rtcp_compound {
  std::optional<sender_report> report;  ///< the last one, if there are several
  std::optional<std::uint32_t> bye;     ///< first SSRC that says BYE
  std::uint32_t sender_reports = 0;
  std::uint32_t receiver_reports = 0;
};

/// Reads a compound packet (RFC 3550 6.1, A.2), or a reduced-size one (RFC 5506), to its last byte.
result<rtcp_compound, rtcp_fault> parse_rtcp(bytes_view bytes) noexcept;

/// One report block of RFC 3550 6.4.1, in host byte order.
struct report_block {
  std::uint32_t ssrc = 0;
  std::uint8_t fraction_lost = 0;         ///< of 256
  std::int32_t cumulative_lost = 0;       ///< 24 bits on the wire
  std::uint32_t highest_sequence = 0;     ///< with the cycles in the upper half
  std::uint32_t jitter = 0;               ///< timestamp units
  std::uint32_t last_sr = 0;              ///< middle 32 bits of the last SR's NTP time, 0 without one
  std::uint32_t delay_since_last_sr = 0;  ///< 1/65536 s
};

/// Size of SR + SDES with a name of `name_length` bytes: at most 296.
constexpr std::size_t sender_report_size(std::size_t name_length) noexcept {
  return 28 + (10 + (name_length < 255 ? name_length : 255)) / 4 * 4 + 4;
}

/// Writes SR + SDES CNAME (RFC 3550 6.4.1, 6.5), the SR without report blocks, and returns the size; 0 if `out` is too
/// small. A name above 255 bytes is cut.
std::size_t build_sender_report(std::span<std::uint8_t> out, const sender_report& report,
                                std::string_view cname) noexcept;

/// Size of RR + SDES with a name of `name_length` bytes: at most 300.
constexpr std::size_t receiver_report_size(std::size_t name_length) noexcept {
  return 32 + (10 + (name_length < 255 ? name_length : 255)) / 4 * 4 + 4;
}

/// Writes RR + SDES CNAME (RFC 3550 6.4.2, 6.5) and returns the size; 0 if `out` is too small.
/// A name above 255 bytes is cut.
std::size_t build_receiver_report(std::span<std::uint8_t> out, std::uint32_t sender_ssrc, const report_block& block,
                                  std::string_view cname) noexcept;

}  // namespace berth::net
