#include "net/ingest/h265_depacketizer.hpp"

#include <algorithm>

#include "net/codec/bit_reader.hpp"
#include "net/codec/h265_syntax.hpp"

namespace berth::net {
namespace {

// RFC 7798 4.4: the values of the NAL unit type that mean a way to pack
enum h265_packet_type : std::uint8_t { aggregation = 48, fragmentation = 49, paci = 50 };

constexpr bool is_h265_nal_unit(std::uint8_t type) noexcept { return type < aggregation; }
constexpr std::uint8_t temporal_id_plus1(bytes_view nal) noexcept { return nal[1] & 0x07; }

constexpr bool has_sound_header(bytes_view nal) noexcept {
  return nal.size() >= h265::header_size && (nal[0] & 0x80) == 0 && temporal_id_plus1(nal) != 0;
}

}  // namespace

void h265_depacketizer::push(const media_packet& packet) {
  if (packet.payload.empty()) return units_.meaningless();
  units_.enter(packet.timestamp);
  for_each_piece(packet.payload, [this](bytes_view piece) { unpack(piece); });
  units_.leave(packet.marker);
}

// RFC 7798 4.2, which is the header of ITU-T H.265 7.3.1.2:
//
//   +---------------+---------------+
//   |0|1|2|3|4|5|6|7|0|1|2|3|4|5|6|7|
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |F|   Type    |  LayerId  | TID |
//   +-------------+-----------------+
void h265_depacketizer::unpack(bytes_view payload) {
  if (!has_sound_header(payload)) return units_.broken();
  const auto type = h265::type_of(payload);
  if (is_h265_nal_unit(type)) return units_.whole(payload);
  switch (type) {
    case aggregation:
      return unpack_aggregate(payload.subspan(h265::header_size));
    case fragmentation:
      return unpack_fragment(payload);
    case paci:
      return units_.broken();
    default:
      return units_.meaningless();  // not specified
  }
}

// RFC 7798 4.4.2, behind the packet's own header: NAL units behind their sizes in 16 bits, to the end of the packet.
void h265_depacketizer::unpack_aggregate(bytes_view rest) {
  constexpr std::size_t size_field = 2;
  if (rest.empty()) return units_.broken();
  while (!rest.empty()) {
    if (rest.size() < size_field) return units_.broken();
    const std::size_t size = load_be16(rest.data());
    rest = rest.subspan(size_field);
    if (size > rest.size()) return units_.broken();
    const auto nal = rest.first(size);
    rest = rest.subspan(size);
    if (nal.empty())
      units_.meaningless();
    else if (!has_sound_header(nal) || !is_h265_nal_unit(h265::type_of(nal)))
      units_.broken();
    else
      units_.whole(nal);
  }
}

// RFC 7798 4.4.3:
//
//    0                   1                   2
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |F|    49     |  LayerId  | TID |S|E|   Type    |  fragment ...
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// Start and end in one packet are not allowed, but what is meant is clear.
void h265_depacketizer::unpack_fragment(bytes_view payload) {
  constexpr std::size_t fu_header = 1;
  if (payload.size() < h265::header_size + fu_header || !is_h265_nal_unit(payload[2] & 0x3f)) return units_.broken();
  const bool start = (payload[2] & 0x80) != 0, end = (payload[2] & 0x40) != 0;
  const auto fragment = payload.subspan(h265::header_size + fu_header);
  if (fragment.empty()) units_.meaningless();
  if (start) {
    const std::uint8_t nal_header[] = {static_cast<std::uint8_t>((payload[0] & 0x01) | ((payload[2] & 0x3f) << 1)),
                                       payload[1]};
    units_.begin_nal(nal_header);
  }
  units_.continue_nal(fragment);
  if (end) units_.end_nal();
}

namespace {

constexpr std::size_t h265_largest_set = 1024;
constexpr int highest_profile = 11;    // A.3
constexpr int h265_smallest_side = 8;  // the smallest MinCbSizeY, 7.4.3.2.1

// 7.3.2.1: two bits of ones, six of vps_max_layers_minus1, three of vps_max_sub_layers_minus1, one of nesting, and 16
// reserved bits of ones.
bool is_plausible_vps(bytes_view nal) noexcept {
  if (nal.size() > h265_largest_set) return false;
  bit_reader r{nal.subspan(h265::header_size)};
  r.skip(4);
  const bool base_layer = r.bits(2) == 3;
  r.skip(6);
  const auto sub_layers_minus1 = r.bits(3);
  r.skip(1);
  return base_layer && sub_layers_minus1 <= 6 && r.bits(16) == 0xffff && !r.failed();
}

bool is_plausible_h265_sps(bytes_view nal) noexcept {
  if (nal.size() > h265_largest_set) return false;
  const auto p = h265::parse_sps(nal);
  return p && p->profile >= 1 && p->profile <= highest_profile && p->level > 0 && p->width >= h265_smallest_side &&
         p->height >= h265_smallest_side;
}

/// One layer only: other values are scalable or multiview coding, which is nobody's camera.
bool is_base_layer(bytes_view nal) noexcept { return (nal[0] & 0x01) == 0 && (nal[1] >> 3) == 0; }

likeness h265_likeness_of_nal(bytes_view nal) noexcept {
  if (!has_sound_header(nal) || !is_base_layer(nal)) return likeness::no;
  const auto type = h265::type_of(nal);
  const bool top = temporal_id_plus1(nal) == 1;
  if (type == h265::vps) return top && is_plausible_vps(nal) ? likeness::yes : likeness::no;
  if (type == h265::sps) return top && is_plausible_h265_sps(nal) ? likeness::yes : likeness::no;
  if (h265::is_key(type) && !top) return likeness::no;
  const bool reserved = (type > 9 && type < h265::first_irap) || (type > 21 && type < h265::vps) || type > 40;
  return reserved ? likeness::no : likeness::maybe;
}

// Each NAL unit of it has to be possible, and the sizes have to come out even.
likeness h265_likeness_of_aggregate(bytes_view rest) noexcept {
  if (rest.empty()) return likeness::no;
  auto most = likeness::maybe;
  while (!rest.empty()) {
    if (rest.size() < 2) return likeness::no;
    const std::size_t size = load_be16(rest.data());
    if (size > rest.size() - 2) return likeness::no;
    const auto one = h265_likeness_of_nal(rest.subspan(2, size));
    if (one == likeness::no) return likeness::no;
    most = std::max(most, one);
    rest = rest.subspan(2 + size);
  }
  return most;
}

likeness h265_likeness_of_fragment(bytes_view payload) noexcept {
  if (payload.size() < 4) return likeness::no;
  const bool start = (payload[2] & 0x80) != 0, end = (payload[2] & 0x40) != 0;
  const auto type = static_cast<std::uint8_t>(payload[2] & 0x3f);
  const bool slice = type <= 9 || (type >= h265::first_irap && type <= 21);
  if ((start && end) || !is_h265_nal_unit(type) || (h265::is_vcl(type) && !slice)) return likeness::no;
  if (h265::is_key(type) && temporal_id_plus1(payload) != 1) return likeness::no;
  const bool first_slice = (payload[3] & 0x80) != 0;
  return start && slice && first_slice ? likeness::yes : likeness::maybe;
}

}  // namespace

likeness looks_like_h265(bytes_view payload) noexcept {
  payload = payload.subspan(start_code_size(payload));
  if (!has_sound_header(payload) || !is_base_layer(payload)) return likeness::no;
  switch (h265::type_of(payload)) {
    case aggregation:
      return h265_likeness_of_aggregate(payload.subspan(h265::header_size));
    case fragmentation:
      return h265_likeness_of_fragment(payload);
    default:
      return h265_likeness_of_nal(payload);
  }
}

}  // namespace berth::net
