// What one elementary stream is: everything that a player must know before its first frame.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/codec/codec.hpp"

namespace berth::net {

/// Immutable and shared: frames refer to the description they were made under, so that a change of parameter sets in
/// the middle of a stream is a change of pointer. Dies with the last frame or reader.
struct track {
  codec format = codec::unknown;
  media_kind kind = media_kind::video;

  // video
  int width = 0;  ///< of the picture as shown, cropping applied
  int height = 0;
  double frame_rate = 0;  ///< from the parameter sets; 0 = they do not say
  int profile = 0;        ///< profile_idc
  int level = 0;          ///< level_idc
  int reorder = 0;        ///< depth of reordering by B-frames, as far as the parameter sets say
  std::vector<std::vector<std::uint8_t>> vps{}, sps{}, pps{};  ///< NAL units without start code or length

  // audio
  int sample_rate = 0;
  int channels = 0;

  /// Decoder configuration: AVCDecoderConfigurationRecord, HEVCDecoderConfigurationRecord (ISO/IEC 14496-15) or
  /// AudioSpecificConfig (ISO/IEC 14496-3); OpusHead (RFC 7845 5.1); empty for G.711.
  std::vector<std::uint8_t> configuration{};

  bool operator==(const track&) const = default;
};
using track_ptr = std::shared_ptr<const track>;

}  // namespace berth::net
