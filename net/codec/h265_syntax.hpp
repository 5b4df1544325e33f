// H.265 as far as it has to be understood to cut, describe and carry it (ITU-T H.265).
#pragma once

#include <optional>

#include "net/codec/video_parameters.hpp"

namespace berth::net::h265 {

/// nal_unit_type, table 7-1.
enum nal_type : std::uint8_t {
  first_irap = 16,  ///< BLA, IDR, CRA, and two reserved
  last_irap = 23,
  last_vcl = 31,
  vps = 32,
  sps = 33,
  pps = 34,
  access_unit_delimiter = 35,
  end_of_sequence = 36,
  end_of_bitstream = 37,
  filler = 38,
  prefix_sei = 39,
  suffix_sei = 40,
};

inline constexpr std::size_t header_size = 2;

/// 7.3.1.2: forbidden_zero_bit (1), nal_unit_type (6), nuh_layer_id (6), nuh_temporal_id_plus1 (3).
constexpr std::uint8_t type_of(bytes_view nal) noexcept {
  return static_cast<std::uint8_t>(nal.empty() ? 63 : (nal[0] >> 1) & 0x3f);
}
/// nuh_layer_id: other layers than 0 belong to scalable and multiview coding (annexes F to I).
constexpr unsigned layer_of(bytes_view nal) noexcept {
  return nal.size() < header_size ? 0 : ((nal[0] & 1U) << 5) | (nal[1] >> 3);
}
/// Holds a part of a picture.
constexpr bool is_vcl(std::uint8_t type) noexcept { return type <= last_vcl; }
/// Decoding may begin at it.
constexpr bool is_key(std::uint8_t type) noexcept { return type >= first_irap && type <= last_irap; }

/// Bytes of a NAL unit that the two questions below need.
inline constexpr std::size_t decisive_bytes = 3;
/// first_slice_segment_in_pic_flag, 7.3.6.1.
constexpr bool is_first_slice(bytes_view nal) noexcept {
  return is_vcl(type_of(nal)) && nal.size() >= 3 && (nal[2] & 0x80) != 0;
}
/// Whether this NAL unit, behind a slice segment, begins the next access unit (7.4.2.4.4).
constexpr bool begins_access_unit(bytes_view nal) noexcept {
  const auto type = type_of(nal);
  if (layer_of(nal) != 0) return false;
  if (is_vcl(type)) return is_first_slice(nal);
  return (type >= vps && type <= access_unit_delimiter) || type == prefix_sei || (type >= 41 && type <= 44) ||
         (type >= 48 && type <= 55);
}

/// A whole NAL unit, 7.3.2.2.1; none if it is broken before the picture's size, or of another layer than 0. What is
/// broken behind is left unknown.
std::optional<video_parameters> parse_sps(bytes_view nal);

/// The VPS's timing, 7.3.2.1, for an SPS that has none: pictures a second. 0 = it does not say either, or is broken.
double frame_rate_of_vps(bytes_view nal) noexcept;

/// HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 8.3.3.1, with lengths of 4 bytes and complete arrays. Empty if
/// there is no good SPS, or a set is longer than the record can say.
std::vector<std::uint8_t> make_hvcc(const nal_list& vps_list, const nal_list& sps_list, const nal_list& pps_list);

}  // namespace berth::net::h265
