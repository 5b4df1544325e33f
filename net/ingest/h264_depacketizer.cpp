#include "net/ingest/h264_depacketizer.hpp"

#include <algorithm>
#include <array>

#include "net/codec/bit_reader.hpp"
#include "net/codec/h264_syntax.hpp"

namespace berth::net {
namespace {

// RFC 6184 5.2, table 1: the values of the NAL unit type that mean a way to pack
enum packet_type : std::uint8_t { stap_a = 24, stap_b = 25, mtap16 = 26, mtap24 = 27, fu_a = 28, fu_b = 29 };

constexpr bool is_nal_unit(std::uint8_t type) noexcept { return type >= 1 && type <= 23; }
constexpr bool is_forbidden(std::uint8_t header) noexcept { return (header & 0x80) != 0; }
constexpr std::uint8_t nri_of(std::uint8_t header) noexcept { return header & 0x60; }

}  // namespace

void h264_depacketizer::push(const media_packet& packet) {
  if (packet.payload.empty()) return units_.meaningless();
  units_.enter(packet.timestamp);
  for_each_piece(packet.payload, [this](bytes_view piece) { unpack(piece); });
  units_.leave(packet.marker);
}

// RFC 6184 5.3:
//
//   +---------------+
//   |0|1|2|3|4|5|6|7|
//   +-+-+-+-+-+-+-+-+
//   |F|NRI|  Type   |
//   +---------------+
void h264_depacketizer::unpack(bytes_view payload) {
  constexpr std::size_t header = 1, don = 2;
  if (is_forbidden(payload[0])) return units_.broken();
  const auto type = h264::type_of(payload);
  if (is_nal_unit(type)) return units_.whole(payload);
  switch (type) {
    case stap_a:
      return unpack_aggregate(payload.subspan(header));
    case stap_b:
      if (payload.size() < header + don) return units_.broken();
      return unpack_aggregate(payload.subspan(header + don));
    case fu_a:
      return unpack_fragment(payload, header + 1);
    case fu_b:
      return unpack_fragment(payload, header + 1 + don);
    case mtap16:
    case mtap24:
      return units_.broken();
    default:
      return units_.meaningless();  // to be ignored, table 1
  }
}

// RFC 6184 5.7.1, behind the STAP's own header: NAL units behind their sizes in 16 bits, to the end of the packet.
void h264_depacketizer::unpack_aggregate(bytes_view rest) {
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
    else if (is_forbidden(nal[0]) || !is_nal_unit(h264::type_of(nal)))
      units_.broken();
    else
      units_.whole(nal);
  }
}

// RFC 6184 5.8. The DON is there in FU-B only:
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |F|NRI|  28/29  |S|E|R|  Type   |              DON              |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |  fragment ...
//
// Start and end in one packet are not allowed, but what is meant is clear.
void h264_depacketizer::unpack_fragment(bytes_view payload, std::size_t header_size) {
  if (payload.size() < header_size || !is_nal_unit(payload[1] & 0x1f)) return units_.broken();
  const bool start = (payload[1] & 0x80) != 0, end = (payload[1] & 0x40) != 0;
  const auto fragment = payload.subspan(header_size);
  if (fragment.empty()) units_.meaningless();
  if (start) {
    const auto nal_header = static_cast<std::uint8_t>(nri_of(payload[0]) | (payload[1] & 0x1f));
    units_.begin_nal({&nal_header, 1});
  }
  units_.continue_nal(fragment);
  if (end) units_.end_nal();
}

namespace {

constexpr std::array<int, 17> known_profiles{66, 77,  88,  100, 110, 122, 244, 44, 83,
                                             86, 118, 128, 138, 139, 134, 135, 144};
constexpr std::array<int, 20> known_levels{9,  10, 11, 12, 13, 20, 21, 22, 30, 31,
                                           32, 40, 41, 42, 50, 51, 52, 60, 61, 62};  // table A-1
constexpr std::size_t largest_set = 512;
constexpr int smallest_side = 64;  // no camera is below, and noise mostly is

template <std::size_t N>
bool contains(const std::array<int, N>& values, int value) noexcept {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool is_plausible_sps(bytes_view nal) noexcept {
  if (nal.size() < 5 || nal.size() > largest_set || nri_of(nal[0]) == 0 || (nal[2] & 0x03) != 0) return false;
  const auto p = h264::parse_sps(nal);
  return p && contains(known_profiles, p->profile) && contains(known_levels, p->level) && p->width >= smallest_side &&
         p->height >= smallest_side;
}

// 7.3.3, behind the NAL unit header: the first slice of an IDR picture, which has I slices only.
bool begins_idr_picture(bytes_view slice) noexcept {
  constexpr std::uint32_t i_slice = 2, only_i_slices = 7, largest_pps_id = 255;
  bit_reader r{slice};
  if (r.ue() != 0) return false;
  const auto type = r.ue(), pps_id = r.ue();
  return !r.failed() && (type == i_slice || type == only_i_slices) && pps_id <= largest_pps_id;
}

likeness likeness_of_nal(bytes_view nal) noexcept {
  const auto type = h264::type_of(nal);
  if (is_forbidden(nal[0]) || !is_nal_unit(type)) return likeness::no;
  if (type == h264::sps) return is_plausible_sps(nal) ? likeness::yes : likeness::no;
  if (type > h264::slice && type < h264::idr) return likeness::no;  // data partitioning: nobody has it
  if ((type == h264::idr || type == h264::pps) && nri_of(nal[0]) == 0) return likeness::no;
  return likeness::maybe;
}

// Each NAL unit of it has to be possible, and the sizes have to come out even.
likeness likeness_of_aggregate(bytes_view rest) noexcept {
  if (rest.empty()) return likeness::no;
  auto most = likeness::maybe;
  while (!rest.empty()) {
    if (rest.size() < 2) return likeness::no;
    const std::size_t size = load_be16(rest.data());
    if (size == 0 || size > rest.size() - 2) return likeness::no;
    const auto one = likeness_of_nal(rest.subspan(2, size));
    if (one == likeness::no) return likeness::no;
    most = std::max(most, one);
    rest = rest.subspan(2 + size);
  }
  return most;
}

likeness likeness_of_fragment(bytes_view payload) noexcept {
  if (payload.size() < 3) return likeness::no;
  const bool start = (payload[1] & 0x80) != 0, end = (payload[1] & 0x40) != 0, reserved = (payload[1] & 0x20) != 0;
  const auto type = static_cast<std::uint8_t>(payload[1] & 0x1f);
  if (reserved || (start && end) || !is_nal_unit(type)) return likeness::no;
  if (type != h264::idr) return likeness::maybe;
  if (nri_of(payload[0]) == 0) return likeness::no;
  return start && begins_idr_picture(payload.subspan(2)) ? likeness::yes : likeness::maybe;
}

}  // namespace

likeness looks_like_h264(bytes_view payload) noexcept {
  constexpr std::size_t ts_packet = 188;
  payload = payload.subspan(start_code_size(payload));
  if (payload.empty() || is_forbidden(payload[0])) return likeness::no;
  switch (h264::type_of(payload)) {
    case stap_a:
      return likeness_of_aggregate(payload.subspan(1));
    case fu_a:
      return likeness_of_fragment(payload);
    default: {
      const auto found = likeness_of_nal(payload);
      const bool could_be_ts = payload[0] == 0x47 && payload.size() % ts_packet == 0;
      return could_be_ts ? std::min(found, likeness::maybe) : found;
    }
  }
}

}  // namespace berth::net
