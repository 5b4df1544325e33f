#include "net/codec/h264_syntax.hpp"

#include <algorithm>
#include <array>

#include "net/codec/bit_reader.hpp"

namespace berth::net::h264 {
namespace {

constexpr std::array<int, 13> profiles_with_chroma{100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};

bool has_chroma(int profile) {
  return std::find(profiles_with_chroma.begin(), profiles_with_chroma.end(), profile) != profiles_with_chroma.end();
}

// 7.3.2.1.1.1
void skip_scaling_list(bit_reader& r, int size) {
  int last = 8, next = 8;
  for (int i = 0; i < size && !r.failed(); ++i) {
    if (next != 0) next = static_cast<int>((std::int64_t{last} + r.se() + 256) % 256);
    if (next != 0) last = next;
  }
}

// hrd_parameters, E.1.2. False if it is broken, and nobody knows where it ends.
bool skip_hrd(bit_reader& r) {
  const auto last = r.ue();
  if (last > 31) return false;
  r.skip(8);
  for (std::uint32_t i = 0; i <= last; ++i) {
    r.ue();
    r.ue();
    r.bit();
  }
  r.skip(20);
  return !r.failed();
}

// E.1.1
void read_vui(bit_reader& r, video_parameters& p) {
  constexpr std::uint32_t extended_sar = 255;
  if (r.bit() && r.bits(8) == extended_sar) r.skip(32);
  if (r.bit()) r.bit();  // overscan
  if (r.bit()) {         // video_signal_type
    r.skip(4);
    if (r.bit()) r.skip(24);
  }
  if (r.bit()) {  // chroma_loc_info
    r.ue();
    r.ue();
  }
  if (r.bit()) {  // timing
    const auto units = r.bits(32), scale = r.bits(32);
    // A tick is a field.
    if (!r.failed()) p.frame_rate = frame_rate_of(scale, 2.0 * units);
    r.bit();
  }
  const bool nal_hrd = r.bit();
  if (nal_hrd && !skip_hrd(r)) return;
  const bool vcl_hrd = r.bit();
  if (vcl_hrd && !skip_hrd(r)) return;
  if (nal_hrd || vcl_hrd) r.bit();
  r.bit();
  if (!r.bit()) return;  // bitstream_restriction
  r.bit();
  for (int i = 0; i < 4; ++i) r.ue();
  const auto reorder = r.ue();
  if (!r.failed() && reorder <= 16) p.reorder = static_cast<int>(reorder);
}

void append16(std::vector<std::uint8_t>& to, std::size_t n) {
  to.push_back(static_cast<std::uint8_t>(n >> 8));
  to.push_back(static_cast<std::uint8_t>(n));
}

constexpr std::size_t longest_set = 0xffff;

bool has_room_for(const nal_list& sets) {
  return std::all_of(sets.begin(), sets.end(), [](const auto& s) { return s.size() <= longest_set; });
}

void append_sets(std::vector<std::uint8_t>& to, const nal_list& sets, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    append16(to, sets[i].size());
    to.insert(to.end(), sets[i].begin(), sets[i].end());
  }
}

}  // namespace

bool is_known_profile(int profile) noexcept {
  constexpr int baseline = 66, main = 77, extended = 88;
  return profile == baseline || profile == main || profile == extended || has_chroma(profile);
}

std::optional<video_parameters> parse_sps(bytes_view nal) {
  if (nal.size() < 5 || type_of(nal) != sps) return std::nullopt;
  bit_reader r{nal.subspan(1)};
  video_parameters p;
  p.profile = static_cast<int>(r.bits(8));
  r.skip(8);  // constraints
  p.level = static_cast<int>(r.bits(8));
  r.ue();
  if (has_chroma(p.profile)) {
    const auto chroma_format = r.ue();
    if (chroma_format > 3) return std::nullopt;
    p.chroma_format = static_cast<int>(chroma_format);
    if (p.chroma_format == 3) r.bit();
    const auto luma = r.ue(), chroma = r.ue();
    if (luma > 6 || chroma > 6) return std::nullopt;
    p.bit_depth_luma = 8 + static_cast<int>(luma);
    p.bit_depth_chroma = 8 + static_cast<int>(chroma);
    r.bit();
    if (r.bit())
      for (int i = 0; i < (p.chroma_format == 3 ? 12 : 8); ++i)
        if (r.bit()) skip_scaling_list(r, i < 6 ? 16 : 64);
  }
  r.ue();  // log2_max_frame_num
  const auto poc = r.ue();
  if (poc == 0) {
    r.ue();
  } else if (poc == 1) {
    r.bit();
    r.se();
    r.se();
    const auto cycle = r.ue();
    if (cycle > 255) return std::nullopt;
    for (std::uint32_t i = 0; i < cycle; ++i) r.se();
  }
  r.ue();  // max_num_ref_frames
  r.bit();
  const auto columns = std::uint64_t{r.ue()} + 1, map_rows = std::uint64_t{r.ue()} + 1;
  const bool frames_only = r.bit();
  if (!frames_only) r.bit();
  r.bit();
  auto width = columns * 16, height = map_rows * 16 * (frames_only ? 1 : 2);
  if (r.bit()) {
    const std::uint64_t unit_x = p.chroma_format == 1 || p.chroma_format == 2 ? 2 : 1;
    const std::uint64_t unit_y = (p.chroma_format == 1 ? 2U : 1U) * (frames_only ? 1U : 2U);
    const auto left = std::uint64_t{r.ue()}, right = std::uint64_t{r.ue()};
    const auto top = std::uint64_t{r.ue()}, bottom = std::uint64_t{r.ue()};
    const auto cut_x = (left + right) * unit_x, cut_y = (top + bottom) * unit_y;
    if (cut_x >= width || cut_y >= height) return std::nullopt;
    width -= cut_x;
    height -= cut_y;
  }
  constexpr std::uint64_t largest = 16384;
  if (r.failed() || width > largest || height > largest) return std::nullopt;
  p.width = static_cast<int>(width);
  p.height = static_cast<int>(height);
  if (r.bit()) read_vui(r, p);
  return p;
}

std::vector<std::uint8_t> make_avcc(const nal_list& sps_list, const nal_list& pps_list) {
  if (sps_list.empty() || !has_room_for(sps_list) || !has_room_for(pps_list)) return {};
  const auto& first = sps_list.front();
  const auto p = parse_sps(first);
  if (!p) return {};
  std::vector<std::uint8_t> out{1, first[1], first[2], first[3], 0xff};
  const auto sps_count = std::min<std::size_t>(sps_list.size(), 31),
             pps_count = std::min<std::size_t>(pps_list.size(), 255);
  out.push_back(static_cast<std::uint8_t>(0xe0 | sps_count));
  append_sets(out, sps_list, sps_count);
  out.push_back(static_cast<std::uint8_t>(pps_count));
  append_sets(out, pps_list, pps_count);
  if (has_chroma(p->profile)) {
    out.push_back(static_cast<std::uint8_t>(0xfc | p->chroma_format));
    out.push_back(static_cast<std::uint8_t>(0xf8 | (p->bit_depth_luma - 8)));
    out.push_back(static_cast<std::uint8_t>(0xf8 | (p->bit_depth_chroma - 8)));
    out.push_back(0);  // SPS extensions: alpha pictures
  }
  return out;
}

}  // namespace berth::net::h264
