#include "net/ingest/pes_header.hpp"

namespace berth::net {
namespace {

// 2.4.3.7: 4 bits of prefix, 3 bits, marker, 15 bits, marker, 15 bits, marker.
std::uint64_t read_stamp(const std::uint8_t* p) noexcept {
  return (std::uint64_t{p[0]} >> 1 & 7) << 30 | std::uint64_t{load_be16(p + 1)} >> 1 << 15 |
         std::uint64_t{load_be16(p + 3)} >> 1;
}

}  // namespace

std::optional<pes_header> parse_pes_header(bytes_view b) noexcept {
  if (b.size() < pes_header::fixed_size || (b[6] & 0xc0) != 0x80) return std::nullopt;
  pes_header h;
  h.stream_id = b[3];
  h.packet_length = load_be16(b.data() + 4);
  h.size = pes_header_size(b);
  if (b.size() < h.size) return std::nullopt;
  constexpr std::size_t stamp_size = 5;
  const auto flags = b[7] >> 6;
  if (flags >= 2 && b[8] >= stamp_size) {
    const auto pts = read_stamp(b.data() + 9);
    h.stamps = raw_stamps{pts, pts};
    if (flags == 3 && b[8] >= 2 * stamp_size) h.stamps->dts = read_stamp(b.data() + 14);
  }
  return h;
}

}  // namespace berth::net
