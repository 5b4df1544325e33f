#include "net/rtp/rtcp_packet.hpp"

#include <algorithm>

namespace berth::net {
namespace {

constexpr std::uint8_t sender_report_type = 200;
constexpr std::uint8_t receiver_report_type = 201;
constexpr std::uint8_t source_description_type = 202;
constexpr std::uint8_t bye_type = 203;

constexpr std::size_t header_size = 4;
constexpr std::size_t ssrc_size = 4;
constexpr std::size_t sender_info_size = 20;
constexpr std::size_t block_size = 24;

constexpr std::uint8_t version_2 = 2 << 6;
constexpr std::uint8_t cname_item = 1;
constexpr std::size_t longest_name = 255;

// How many bytes a packet must have for what its header counts. Types that are not read need nothing more.
std::size_t least_size(std::uint8_t type, std::size_t count) noexcept {
  switch (type) {
    case sender_report_type:
      return header_size + ssrc_size + sender_info_size + count * block_size;
    case receiver_report_type:
      return header_size + ssrc_size + count * block_size;
    case bye_type:
      return header_size + count * ssrc_size;
    default:
      return header_size;
  }
}

// RFC 3550 6.4.1, behind the common header:
//
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                        SSRC of sender                         |
//   |              NTP timestamp, most significant word             |
//   |             NTP timestamp, least significant word             |
//   |                         RTP timestamp                         |
//   |                     sender's packet count                     |
//   |                      sender's octet count                     |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
sender_report read_sender_report(const std::uint8_t* p) noexcept {
  return {.ssrc = load_be32(p),
          .ntp = (std::uint64_t{load_be32(p + 4)} << 32) | load_be32(p + 8),
          .rtp_timestamp = load_be32(p + 12),
          .packets = load_be32(p + 16),
          .octets = load_be32(p + 20)};
}

void store_header(std::uint8_t* p, std::uint8_t count, std::uint8_t type, std::size_t size) noexcept {
  p[0] = static_cast<std::uint8_t>(version_2 | count);
  p[1] = type;
  store_be16(p + 2, static_cast<std::uint16_t>(size / 4 - 1));
}

// RFC 3550 6.5, one chunk of one item:
//
//   |V=2|P|  SC=1   |    PT=202     |             length            |
//   |                     SSRC of packet sender                     |
//   |    CNAME=1    |    length     |  name ..., then 1 to 4 zeros  |
void write_description(std::uint8_t* p, std::size_t size, std::uint32_t ssrc, std::string_view cname) noexcept {
  store_header(p, 1, source_description_type, size);
  store_be32(p + 4, ssrc);
  p[8] = cname_item;
  p[9] = static_cast<std::uint8_t>(cname.size());
  std::fill(std::copy(cname.begin(), cname.end(), p + 10), p + size, std::uint8_t{0});
}

}  // namespace

std::string_view to_string(rtcp_fault fault) noexcept {
  switch (fault) {
    case rtcp_fault::too_short:
      return "too_short";
    case rtcp_fault::bad_version:
      return "bad_version";
    case rtcp_fault::bad_type:
      return "bad_type";
    case rtcp_fault::bad_length:
      return "bad_length";
    case rtcp_fault::bad_padding:
      return "bad_padding";
  }
  return {};
}

std::uint64_t ntp_time(wall_time t) noexcept {
  constexpr std::uint64_t from_1900_to_1970 = 2208988800;
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(t.time_since_epoch()).count();
  const auto seconds = static_cast<std::uint64_t>(since / 1'000'000'000);
  const auto rest = static_cast<std::uint64_t>(since % 1'000'000'000);
  return ((seconds + from_1900_to_1970) << 32) | (rest << 32) / 1'000'000'000;
}

// RFC 3550 6.1: packets back to back, each with the common header
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |V=2|P|  count  |      PT       |   length in 32-bit words - 1  |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// A.2 asks for SR or RR in front. Devices that send a lone BYE or SDES exist (and RFC 5506 allows it), so this does
// not.
result<rtcp_compound, rtcp_fault> parse_rtcp(bytes_view bytes) noexcept {
  rtcp_compound found;
  do {
    if (bytes.size() < header_size) return failure{rtcp_fault::too_short};
    const std::uint8_t* const p = bytes.data();
    if (p[0] >> 6 != 2) return failure{rtcp_fault::bad_version};
    const std::uint8_t type = p[1];
    if (type < 192 || type > 223) return failure{rtcp_fault::bad_type};
    const std::size_t size = (std::size_t{load_be16(p + 2)} + 1) * 4;
    if (size > bytes.size()) return failure{rtcp_fault::bad_length};

    std::size_t content = size;
    if ((p[0] & 0x20) != 0) {
      const std::size_t padding = p[size - 1];
      if (size != bytes.size() || padding == 0 || padding % 4 != 0 || padding > size - header_size)
        return failure{rtcp_fault::bad_padding};
      content -= padding;
    }
    const std::size_t count = p[0] & 0x1fU;
    if (content < least_size(type, count)) return failure{rtcp_fault::bad_length};

    if (type == sender_report_type) {
      found.report = read_sender_report(p + header_size);
      ++found.sender_reports;
    } else if (type == receiver_report_type) {
      ++found.receiver_reports;
    } else if (type == bye_type && count > 0 && !found.bye) {
      found.bye = load_be32(p + header_size);
    }
    bytes = bytes.subspan(size);
  } while (!bytes.empty());
  return found;
}

std::size_t build_sender_report(std::span<std::uint8_t> out, const sender_report& report,
                                std::string_view cname) noexcept {
  constexpr std::size_t report_size = header_size + ssrc_size + sender_info_size;
  cname = cname.substr(0, longest_name);
  const std::size_t size = sender_report_size(cname.size());
  if (out.size() < size) return 0;

  std::uint8_t* const p = out.data();
  store_header(p, 0, sender_report_type, report_size);
  store_be32(p + 4, report.ssrc);
  store_be32(p + 8, static_cast<std::uint32_t>(report.ntp >> 32));
  store_be32(p + 12, static_cast<std::uint32_t>(report.ntp));
  store_be32(p + 16, report.rtp_timestamp);
  store_be32(p + 20, report.packets);
  store_be32(p + 24, report.octets);
  write_description(p + report_size, size - report_size, report.ssrc, cname);
  return size;
}

// RFC 3550 6.4.2 with one block:
//
//   |V=2|P|  RC=1   |    PT=201     |           length = 7          |
//   |                     SSRC of packet sender                     |
//   |                     SSRC of the media source                  |
//   | fraction lost |       cumulative number of packets lost       |
//   |           extended highest sequence number received           |
//   |                      interarrival jitter                      |
//   |                         last SR (LSR)                         |
//   |                   delay since last SR (DLSR)                  |
std::size_t build_receiver_report(std::span<std::uint8_t> out, std::uint32_t sender_ssrc, const report_block& block,
                                  std::string_view cname) noexcept {
  constexpr std::size_t report_size = header_size + ssrc_size + block_size;
  cname = cname.substr(0, longest_name);
  const std::size_t size = receiver_report_size(cname.size());
  if (out.size() < size) return 0;

  std::uint8_t* const p = out.data();
  store_header(p, 1, receiver_report_type, report_size);
  store_be32(p + 4, sender_ssrc);
  store_be32(p + 8, block.ssrc);
  const auto lost = static_cast<std::uint32_t>(block.cumulative_lost) & 0xffffffU;
  store_be32(p + 12, (std::uint32_t{block.fraction_lost} << 24) | lost);
  store_be32(p + 16, block.highest_sequence);
  store_be32(p + 20, block.jitter);
  store_be32(p + 24, block.last_sr);
  store_be32(p + 28, block.delay_since_last_sr);
  write_description(p + report_size, size - report_size, sender_ssrc, cname);
  return size;
}

}  // namespace berth::net
