// The codecs that a stream may carry, by the names of the field.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace berth::net {

enum class media_kind : std::uint8_t { video, audio };

enum class codec : std::uint8_t {
  unknown,  ///< not announced yet, or nothing that can be guessed
  h264,
  h265,
  aac,
  pcma,    ///< G.711 A-law, 8 kHz
  pcmu,    ///< G.711 mu-law, 8 kHz
  opus,    ///< 48 kHz
  g722_1,  ///< named, not served
  svac_video,
  svac_audio,
  other,  ///< announced by a number that means none of these
};
inline constexpr std::size_t codec_count = 11;

constexpr std::string_view to_string(codec c) noexcept {
  constexpr std::array<std::string_view, codec_count> names{
      "unknown", "H264", "H265", "AAC", "PCMA", "PCMU", "OPUS", "G722.1", "SVAC-video", "SVAC-audio", "other"};
  return names[static_cast<std::size_t>(c)];
}

/// Whether frames of it are made and served; the others are passed over, by name.
constexpr bool is_served(codec c) noexcept { return c >= codec::h264 && c <= codec::opus; }

constexpr bool is_video(codec c) noexcept { return c == codec::h264 || c == codec::h265 || c == codec::svac_video; }

}  // namespace berth::net
