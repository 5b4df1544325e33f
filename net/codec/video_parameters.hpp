// What a sequence parameter set says of the pictures, in the words of both H.264 and H.265.
#pragma once

#include <cstdint>
#include <vector>

#include "net/base/bytes.hpp"

namespace berth::net {

/// A value; what the set leaves open has the value that the standards infer.
struct video_parameters {
  int width = 0;  ///< as shown: cropping applied
  int height = 0;
  double frame_rate = 0;  ///< 0 = the set does not say
  int profile = 0;        ///< profile_idc
  int level = 0;          ///< level_idc: H.264 counts 10 a level, H.265 30
  int chroma_format = 1;  ///< 0 = monochrome, 1 = 4:2:0, 2 = 4:2:2, 3 = 4:4:4
  int bit_depth_luma = 8;
  int bit_depth_chroma = 8;
  int sub_layers = 1;  ///< H.265
  int reorder = 0;     ///< pictures that may precede one in decoding and follow it in output, if the set says so
};

/// Of the clock of a VUI or a VPS: `scale` ticks a second, `units` of them a picture. 0 for what no picture has.
constexpr double frame_rate_of(std::uint32_t scale, double units) noexcept {
  constexpr double highest = 1000;
  return units > 0 && scale / units <= highest ? scale / units : 0;
}

/// NAL units without start code or length.
using nal_list = std::vector<std::vector<std::uint8_t>>;

}  // namespace berth::net
