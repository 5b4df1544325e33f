#include "net/codec/h265_syntax.hpp"

#include <algorithm>
#include <array>

#include "net/codec/bit_reader.hpp"

namespace berth::net::h265 {
namespace {

constexpr std::size_t general_ptl_size = 12;  // general_profile_space ... general_level_idc, 7.3.3

// profile_tier_level, 7.3.3
void read_profile_tier_level(bit_reader& r, int sub_layers, video_parameters& p) {
  r.skip(3);
  p.profile = static_cast<int>(r.bits(5));
  r.skip(80);
  p.level = static_cast<int>(r.bits(8));
  std::array<bool, 8> has_profile{}, has_level{};
  for (int i = 0; i < sub_layers - 1; ++i) {
    has_profile[static_cast<std::size_t>(i)] = r.bit();
    has_level[static_cast<std::size_t>(i)] = r.bit();
  }
  if (sub_layers > 1) r.skip(static_cast<unsigned>(2 * (8 - (sub_layers - 1))));
  for (int i = 0; i < sub_layers - 1; ++i) {
    if (has_profile[static_cast<std::size_t>(i)]) r.skip(88);
    if (has_level[static_cast<std::size_t>(i)]) r.skip(8);
  }
}

// scaling_list_data, 7.3.4
void skip_scaling_lists(bit_reader& r) {
  for (int size = 0; size < 4; ++size)
    for (int matrix = 0; matrix < 6; matrix += size == 3 ? 3 : 1) {
      if (!r.bit()) {
        r.ue();
        continue;
      }
      const int count = std::min(64, 1 << (4 + (size << 1)));
      if (size > 1) r.se();
      for (int i = 0; i < count && !r.failed(); ++i) r.se();
    }
}

// st_ref_pic_set, 7.3.7. Returns the number of pictures in it, or -1.
int skip_short_term_set(bit_reader& r, unsigned index, int before) {
  if (index != 0 && r.bit()) {
    r.bit();
    r.ue();
    int count = 0;
    for (int j = 0; j <= before && !r.failed(); ++j) {
      const bool kept = r.bit() || r.bit();  // used_by_curr_pic_flag, else use_delta_flag
      count += kept ? 1 : 0;
    }
    return count;
  }
  const auto negative = r.ue(), positive = r.ue();
  if (negative > 16 || positive > 16) return -1;
  for (unsigned i = 0; i < negative + positive && !r.failed(); ++i) {
    r.ue();
    r.bit();
  }
  return static_cast<int>(negative + positive);
}

// vui_timing_info and vps_timing_info, behind the flag
double read_frame_rate(bit_reader& r) {
  const auto units = r.bits(32), scale = r.bits(32);
  return r.failed() ? 0 : frame_rate_of(scale, units);
}

// vui_parameters, E.2.1, up to the timing
double frame_rate_of_vui(bit_reader& r) {
  constexpr std::uint32_t extended_sar = 255;
  if (r.bit() && r.bits(8) == extended_sar) r.skip(32);
  if (r.bit()) r.bit();
  if (r.bit()) {
    r.skip(4);
    if (r.bit()) r.skip(24);
  }
  if (r.bit()) {
    r.ue();
    r.ue();
  }
  r.skip(3);
  if (r.bit())  // default_display_window
    for (int i = 0; i < 4; ++i) r.ue();
  return r.bit() ? read_frame_rate(r) : 0;
}

/// The NAL unit's first bytes behind its header without emulation prevention.
std::vector<std::uint8_t> unescaped(bytes_view nal, std::size_t count) {
  std::vector<std::uint8_t> out;
  bit_reader r{nal.subspan(header_size)};
  while (out.size() < count) out.push_back(static_cast<std::uint8_t>(r.bits(8)));
  return out;
}

constexpr std::size_t longest_h265_set = 0xffff;

bool has_room_for_all(const nal_list& sets) {
  return sets.size() <= 0xffff &&
         std::all_of(sets.begin(), sets.end(), [](const auto& s) { return s.size() <= longest_h265_set; });
}

void append_array(std::vector<std::uint8_t>& out, std::uint8_t type, const nal_list& sets) {
  if (sets.empty()) return;
  out.push_back(static_cast<std::uint8_t>(0x80 | type));  // array_completeness
  out.push_back(static_cast<std::uint8_t>(sets.size() >> 8));
  out.push_back(static_cast<std::uint8_t>(sets.size()));
  for (const auto& s : sets) {
    out.push_back(static_cast<std::uint8_t>(s.size() >> 8));
    out.push_back(static_cast<std::uint8_t>(s.size()));
    out.insert(out.end(), s.begin(), s.end());
  }
}

}  // namespace

std::optional<video_parameters> parse_sps(bytes_view nal) {
  if (nal.size() < header_size + 1 + general_ptl_size || type_of(nal) != sps || layer_of(nal) != 0) return std::nullopt;
  bit_reader r{nal.subspan(header_size)};
  video_parameters p;
  r.skip(4);
  p.sub_layers = static_cast<int>(r.bits(3)) + 1;
  if (p.sub_layers > 7) return std::nullopt;
  r.bit();
  read_profile_tier_level(r, p.sub_layers, p);
  r.ue();
  const auto chroma_format = r.ue();
  if (chroma_format > 3) return std::nullopt;
  p.chroma_format = static_cast<int>(chroma_format);
  if (p.chroma_format == 3) r.bit();
  auto width = std::uint64_t{r.ue()}, height = std::uint64_t{r.ue()};
  if (r.bit()) {
    const std::uint64_t unit_x = p.chroma_format == 1 || p.chroma_format == 2 ? 2 : 1;
    const std::uint64_t unit_y = p.chroma_format == 1 ? 2 : 1;
    const auto left = std::uint64_t{r.ue()}, right = std::uint64_t{r.ue()};
    const auto top = std::uint64_t{r.ue()}, bottom = std::uint64_t{r.ue()};
    const auto cut_x = (left + right) * unit_x, cut_y = (top + bottom) * unit_y;
    if (cut_x >= width || cut_y >= height) return std::nullopt;
    width -= cut_x;
    height -= cut_y;
  }
  const auto luma = r.ue(), chroma = r.ue();
  constexpr std::uint64_t largest = 16384;
  if (r.failed() || width == 0 || height == 0 || width > largest || height > largest || luma > 8 || chroma > 8)
    return std::nullopt;
  p.width = static_cast<int>(width);
  p.height = static_cast<int>(height);
  p.bit_depth_luma = 8 + static_cast<int>(luma);
  p.bit_depth_chroma = 8 + static_cast<int>(chroma);

  // From here on only the frame rate is wanted: what is broken behind leaves it unknown.
  const auto poc_bits = r.ue() + 4;
  const bool all_layers = r.bit();
  for (int i = all_layers ? 0 : p.sub_layers - 1; i < p.sub_layers; ++i) {
    r.ue();
    const auto reorder = r.ue();  // of the highest sub-layer in the end
    if (!r.failed() && reorder <= 16) p.reorder = static_cast<int>(reorder);
    r.ue();
  }
  for (int i = 0; i < 6; ++i) r.ue();
  if (r.bit() && r.bit()) skip_scaling_lists(r);
  r.skip(2);
  if (r.bit()) {  // pcm
    r.skip(8);
    r.ue();
    r.ue();
    r.bit();
  }
  const auto sets = r.ue();
  if (sets > 64) return p;
  int count = 0;
  for (unsigned i = 0; i < sets; ++i) {
    count = skip_short_term_set(r, i, count);
    if (count < 0 || r.failed()) return p;
  }
  if (r.bit()) {  // long_term_ref_pics
    const auto pictures = r.ue();
    if (pictures > 32 || poc_bits > 16) return p;
    for (unsigned i = 0; i < pictures; ++i) r.skip(poc_bits + 1);
  }
  r.skip(2);
  if (r.bit()) p.frame_rate = frame_rate_of_vui(r);
  return p;
}

double frame_rate_of_vps(bytes_view nal) noexcept {
  if (nal.size() < header_size || type_of(nal) != vps) return 0;
  bit_reader r{nal.subspan(header_size)};
  r.skip(12);  // id, base layer, vps_max_layers_minus1
  const int sub_layers = static_cast<int>(r.bits(3)) + 1;
  if (sub_layers > 7) return 0;
  r.skip(17);  // nesting, reserved
  video_parameters ignored;
  read_profile_tier_level(r, sub_layers, ignored);
  const bool all_layers = r.bit();
  for (int i = all_layers ? 0 : sub_layers - 1; i < sub_layers; ++i)
    for (int k = 0; k < 3; ++k) r.ue();
  const auto last_layer_id = r.bits(6);
  const auto last_layer_set = r.ue();
  if (last_layer_set > 1023) return 0;
  for (std::uint32_t i = 0; i < last_layer_set && !r.failed(); ++i) r.skip(last_layer_id + 1);
  return r.bit() ? read_frame_rate(r) : 0;
}

std::vector<std::uint8_t> make_hvcc(const nal_list& vps_list, const nal_list& sps_list, const nal_list& pps_list) {
  if (sps_list.empty() || !has_room_for_all(vps_list) || !has_room_for_all(sps_list) || !has_room_for_all(pps_list))
    return {};
  const auto p = parse_sps(sps_list.front());
  if (!p) return {};
  const auto begin = unescaped(sps_list.front(), 1 + general_ptl_size);
  const unsigned nested = begin[0] & 1U;  // sps_temporal_id_nesting_flag
  std::vector<std::uint8_t> out{1};
  out.insert(out.end(), begin.begin() + 1, begin.end());  // profile, compatibility, constraints, level
  const std::uint8_t rest[] = {
      0xf0,
      0x00,  // min_spatial_segmentation_idc
      0xfc,  // parallelismType
      static_cast<std::uint8_t>(0xfc | p->chroma_format),
      static_cast<std::uint8_t>(0xf8 | (p->bit_depth_luma - 8)),
      static_cast<std::uint8_t>(0xf8 | (p->bit_depth_chroma - 8)),
      0x00,
      0x00,  // avgFrameRate
      static_cast<std::uint8_t>((static_cast<unsigned>(p->sub_layers) << 3) | (nested << 2) | 0x03)};
  out.insert(out.end(), std::begin(rest), std::end(rest));
  out.push_back(static_cast<std::uint8_t>(!vps_list.empty() + !sps_list.empty() + !pps_list.empty()));
  append_array(out, vps, vps_list);
  append_array(out, sps, sps_list);
  append_array(out, pps, pps_list);
  return out;
}

}  // namespace berth::net::h265
