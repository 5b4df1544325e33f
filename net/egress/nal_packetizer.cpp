#include "net/egress/nal_packetizer.hpp"

#include <algorithm>
#include <array>

#include "net/codec/annexb.hpp"

namespace berth::net {
namespace {

constexpr std::uint8_t start_bit = 0x80, end_bit = 0x40;

/// What stands in front of the pieces of a NAL unit that is cut, without the two bits.
///
///   H.264 (RFC 6184 5.8)                       H.265 (RFC 7798 4.4.3)
///   +---------------+---------------+          +---------------+---------------+---------------+
///   |F|NRI| 28      |S|E|R|  Type   |          |F| 49  ...     |...LayerId|TID |S|E|  FuType   |
///   +---------------+---------------+          +---------------+---------------+---------------+
struct fragment_head {
  std::array<std::uint8_t, 3> bytes{};
  std::size_t size = 0;
  std::size_t taken = 0;  ///< of the NAL unit's own header, which is not repeated
};

fragment_head head_for(codec format, bytes_view nal) {
  if (format == codec::h264)
    return {{static_cast<std::uint8_t>((nal[0] & 0xe0) | 28), static_cast<std::uint8_t>(nal[0] & 0x1f)}, 2, 1};
  return {
      {static_cast<std::uint8_t>((nal[0] & 0x81) | (49 << 1)), nal[1], static_cast<std::uint8_t>(nal[0] >> 1 & 0x3f)},
      3,
      2};
}

}  // namespace

void nal_packetizer::write(const frame& f, rtp_batch& to) {
  if (f.of->format != format_) return;
  // The last one has the marker: each is held until the next is known.
  bytes_view held;
  const auto add = [&](bytes_view nal) {
    if (!held.empty()) put(held, f.pts, false, to);
    held = nal;
  };
  if (f.key)
    for (const auto* sets : {&f.of->vps, &f.of->sps, &f.of->pps})
      for (const auto& s : *sets) add(s);
  for_each_nal(f.data, add);
  if (!held.empty()) put(held, f.pts, true, to);
}

void nal_packetizer::put(bytes_view nal, std::int64_t time, bool last, rtp_batch& to) {
  if (nal.size() <= largest_) return writer_.put(to, time, last, nal);
  auto head = head_for(format_, nal);
  auto& bits = head.bytes[head.size - 1];
  const auto type = bits;
  auto rest = nal.subspan(head.taken);
  bits = static_cast<std::uint8_t>(type | start_bit);
  while (!rest.empty()) {
    const auto piece = rest.first(std::min(largest_ - head.size, rest.size()));
    rest = rest.subspan(piece.size());
    if (rest.empty()) bits = static_cast<std::uint8_t>(type | end_bit);
    writer_.put(to, time, last && rest.empty(), {head.bytes.data(), head.size}, piece);
    bits = type;
  }
}

}  // namespace berth::net
