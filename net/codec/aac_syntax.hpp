// AAC headers: ADTS (ISO/IEC 13818-7 6.2) and AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "net/base/bytes.hpp"

namespace berth::net::aac {

inline constexpr int samples_per_frame = 1024;      ///< of one raw data block
inline constexpr std::size_t adts_header_size = 7;  ///< without CRC

/// What is constant in a stream, and what a frame's header says beside it.
struct adts_header {
  int object_type = 2;  ///< 1 main, 2 LC, 3 SSR, 4 LTP
  int sample_rate = 0;
  int channels = 0;
  std::size_t frame_size = 0;                  ///< bytes, the header included
  std::size_t header_size = adts_header_size;  ///< with CRC and block positions, where they are
  int blocks = 1;  ///< raw data blocks, each of samples_per_frame; their bounds are not in the header without CRC

  bool same_stream(const adts_header& o) const noexcept {
    return object_type == o.object_type && sample_rate == o.sample_rate && channels == o.channels;
  }
};

///   syncword FFF (12) | ID (1) | layer 00 (2) | protection_absent (1) | profile (2) | sampling_frequency_index (4) |
///   private (1) | channel_configuration (3) | ... (4) | frame_length (13) | buffer fullness (11) | blocks - 1 (2)
///
/// With protection_absent 0, positions of all blocks but the first (16 each) and a CRC (16) follow.
///
/// None if the bytes are no header, or fewer than adts_header_size. Channel configuration 0, where the channels stand
/// in the first block (13818-7 8.5), is not read: none.
std::optional<adts_header> parse_adts(bytes_view bytes) noexcept;

/// The header of one raw data block of `size` bytes under an AudioSpecificConfig, as parse_adts() reads it. None if it
/// can not be said there: an escaped rate, an object type above 4, more than 8191 bytes in all.
std::optional<std::array<std::uint8_t, adts_header_size>> make_adts(bytes_view config, std::size_t size) noexcept;

/// For the frames behind such headers; empty if the rate or the channels can not be said in it.
std::vector<std::uint8_t> make_audio_specific_config(const adts_header& h);

/// What an AudioSpecificConfig says of the core codec: with SBR signalled (object types 5 and 29), what is below it.
struct audio_config {
  int object_type = 2;
  int sample_rate = 0;
  int channels = 0;
  int samples = samples_per_frame;  ///< 1024 or 960, of a frame
};

///   audioObjectType (5, or 31 and 6 more) | samplingFrequencyIndex (4, or 15 and 24 more) | channelConfiguration (4) |
///   object types 5 and 29: the extension's samplingFrequencyIndex, the core's audioObjectType |
///   GASpecificConfig: frameLengthFlag (1) ...
///
/// None if it is cut, reserved, or leaves the channels to the program config element.
std::optional<audio_config> parse_audio_specific_config(bytes_view bytes) noexcept;

}  // namespace berth::net::aac
