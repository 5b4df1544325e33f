#include "net/rtp/rtp_packet.hpp"

namespace berth::net {

// RFC 3550 5.1, with 5.3.1 for the extension:
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |V=2|P|X|  CC   |M|     PT      |       sequence number         |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                           timestamp                           |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                             SSRC                              |
//   +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
//   |                     CSRC list, CC entries                     |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |   X: defined by profile       |    length in 32-bit words     |
//   |                     X: that many words                        |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |  payload ...    P: padding, whose last byte counts all of it  |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
result<rtp_packet, refusal> parse_rtp(bytes_view bytes) noexcept {
  if (bytes.size() < rtp_header_size) return failure{refusal::too_short};
  const std::uint8_t* const p = bytes.data();
  if (!is_rtp_start(p[0], p[1])) return failure{refusal::not_rtp};

  std::size_t begin = rtp_header_size + 4U * (p[0] & 0x0fU);
  std::size_t end = bytes.size();
  const bool has_extension = (p[0] & 0x10) != 0;
  const bool has_padding = (p[0] & 0x20) != 0;
  if (has_extension) {
    if (begin + 4 > end) return failure{refusal::bad_header};
    begin += 4 + std::size_t{4} * load_be16(p + begin + 2);
  }
  if (begin > end) return failure{refusal::bad_header};
  if (has_padding) {
    const std::size_t padding = p[end - 1];
    if (padding == 0 || padding > end - begin) return failure{refusal::bad_header};
    end -= padding;
  }

  return rtp_packet{.marker = (p[1] & 0x80) != 0,
                    .payload_type = static_cast<std::uint8_t>(p[1] & 0x7f),
                    .sequence = load_be16(p + 2),
                    .timestamp = load_be32(p + 4),
                    .ssrc = load_be32(p + 8),
                    .payload = bytes.subspan(begin, end - begin),
                    .whole = bytes};
}

}  // namespace berth::net
