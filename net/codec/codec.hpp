// The codecs that a stream may carry, by the names of the field.
#pragma once

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
inline constexpr std::size_t codec_count = static_cast<std::size_t>(codec::other) + 1;

constexpr std::string_view to_string(codec c) noexcept {
  switch (c) {
    case codec::unknown:
      return "unknown";
    case codec::h264:
      return "H264";
    case codec::h265:
      return "H265";
    case codec::aac:
      return "AAC";
    case codec::pcma:
      return "PCMA";
    case codec::pcmu:
      return "PCMU";
    case codec::opus:
      return "OPUS";
    case codec::g722_1:
      return "G722.1";
    case codec::svac_video:
      return "SVAC-video";
    case codec::svac_audio:
      return "SVAC-audio";
    case codec::other:
      return "other";
  }
  return {};
}

/// Whether frames of it are made and served; the others are passed over, by name.
constexpr bool is_served(codec c) noexcept { return c >= codec::h264 && c <= codec::opus; }

constexpr bool is_video(codec c) noexcept { return c == codec::h264 || c == codec::h265 || c == codec::svac_video; }

}  // namespace berth::net
