// Frames as containers store them, given on as units of elementary streams.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "net/ingest/elementary_sink.hpp"

namespace berth::net {

/// One frame out of a container, and what the container says of its track.
struct container_unit {
  elementary_stream stream;
  std::optional<raw_stamps> stamps;
  bool key = false;
  /// What the container has for the decoder, or null: AVCDecoderConfigurationRecord, HEVCDecoderConfigurationRecord
  /// (ISO/IEC 14496-15), AudioSpecificConfig (ISO/IEC 14496-3); or parameter sets behind start codes.
  std::shared_ptr<const std::vector<std::uint8_t>> configuration;
  std::vector<std::uint8_t> data;  ///< NAL units behind start codes or lengths, as the configuration says
};

/// ISO/IEC 14496-15 5.3.3.1, 8.3.3.1: with a configuration record, NAL units stand behind their lengths, of 1 to 4
/// bytes; without one, or with start codes in it, behind start codes.
///
///   avcC: 1 | profile | compatibility | level | 111111 lengthSizeMinusOne (2) | 111 sets (5) | { size (16) | SPS } |
///         sets (8) | { size (16) | PPS }
///   hvcC: 1 | 21 bytes, of which the last ends with lengthSizeMinusOne (2) | arrays (8) |
///         { type (8) | sets (16) | { size (16) | NAL unit } }
///
/// Parameter sets go before each key frame, AAC gets its ADTS header. What is cut or can not be said is left out, and the
/// unit is marked as damaged. Any bytes are allowed.
void give_unit(const container_unit& unit, elementary_sink& to);

}  // namespace berth::net
