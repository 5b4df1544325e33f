// H.264 as far as it has to be understood to cut, describe and carry it (ISO/IEC 14496-10).
#pragma once

#include <optional>

#include "net/codec/video_parameters.hpp"

namespace berth::net::h264 {

/// nal_unit_type, table 7-1.
enum nal_type : std::uint8_t {
  slice = 1,
  partition_a = 2,
  partition_b = 3,
  partition_c = 4,
  idr = 5,
  sei = 6,
  sps = 7,
  pps = 8,
  access_unit_delimiter = 9,
  end_of_sequence = 10,
  end_of_stream = 11,
  filler = 12,
  first_reserved = 15,  // behind the prefix, 14, which stands before each slice of a scalable stream
  last_reserved = 18,
};

/// 7.3.1: forbidden_zero_bit (1), nal_ref_idc (2), nal_unit_type (5).
constexpr std::uint8_t type_of(bytes_view nal) noexcept {
  return static_cast<std::uint8_t>(nal.empty() ? 0 : nal[0] & 0x1f);
}
/// Holds a part of a picture.
constexpr bool is_vcl(std::uint8_t type) noexcept { return type >= slice && type <= idr; }
/// Decoding may begin at it. Recovery points (D.2.7) are left out: what comes behind them may refer to what is before.
constexpr bool is_key(std::uint8_t type) noexcept { return type == idr; }

/// Bytes of a NAL unit that the two questions below need.
inline constexpr std::size_t decisive_bytes = 2;
/// A slice with first_mb_in_slice 0 (7.3.3; 7.3.2.9.1): of all slices of a picture exactly one says so, arbitrary slice
/// order apart. Partitions B and C begin with their slice's number instead.
constexpr bool is_first_slice(bytes_view nal) noexcept {
  const auto type = type_of(nal);
  return (type == slice || type == partition_a || type == idr) && nal.size() >= 2 && (nal[1] & 0x80) != 0;
}
/// Whether this NAL unit, behind a slice, begins the next access unit (7.4.1.2.3, with 7.4.1.2.4 cut down to the first
/// macroblock). The second field of a picture does.
constexpr bool begins_access_unit(bytes_view nal) noexcept {
  const auto type = type_of(nal);
  if (is_vcl(type)) return is_first_slice(nal);
  return (type >= sei && type <= access_unit_delimiter) || (type >= first_reserved && type <= last_reserved);
}

/// A profile_idc that the standard names (annexes A, G, H, I).
bool is_known_profile(int profile) noexcept;

/// A whole NAL unit, 7.3.2.1; none if it is broken before the picture's size. What is broken in the VUI is left
/// unknown.
std::optional<video_parameters> parse_sps(bytes_view nal);

/// AVCDecoderConfigurationRecord, ISO/IEC 14496-15 5.3.3.1, with lengths of 4 bytes. Empty if there is no good SPS, or
/// a set is longer than the record can say. Of sets beyond what it counts (31 SPS, 255 PPS) the first ones.
std::vector<std::uint8_t> make_avcc(const nal_list& sps_list, const nal_list& pps_list);

}  // namespace berth::net::h264
