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

/// What is true of a codec wherever it stands.
struct codec_facts {
  std::string_view name{};
  media_kind kind = media_kind::audio;
  bool served = false;              ///< frames of it are made and served; the others are passed over, by name
  std::string_view rtp_name{};      ///< RFC 4855: the encoding name of a=rtpmap
  std::uint32_t rtp_clock = 90000;  ///< stamps a second; 0 = its sample rate
  int static_payload = -1;          ///< RFC 3551 6, of one channel; -1 = none
  int sample_rate = 0;              ///< Hz, where it has one only
  int octet_rate = 0;  ///< a frame is any number of octets, so many a second and channel, and needs no description
};

constexpr codec_facts facts_of(codec c) noexcept {
  switch (c) {
    case codec::unknown:
      return {.name = "unknown"};
    case codec::h264:
      return {.name = "H264", .kind = media_kind::video, .served = true, .rtp_name = "H264"};
    case codec::h265:
      return {.name = "H265", .kind = media_kind::video, .served = true, .rtp_name = "H265"};
    case codec::aac:
      return {.name = "AAC", .served = true, .rtp_name = "mpeg4-generic", .rtp_clock = 0};
    case codec::pcma:
      return {.name = "PCMA",
              .served = true,
              .rtp_name = "PCMA",
              .rtp_clock = 8000,
              .static_payload = 8,
              .sample_rate = 8000,
              .octet_rate = 8000};
    case codec::pcmu:
      return {.name = "PCMU",
              .served = true,
              .rtp_name = "PCMU",
              .rtp_clock = 8000,
              .static_payload = 0,
              .sample_rate = 8000,
              .octet_rate = 8000};
    case codec::opus:
      // RFC 7587 4.1: whatever the encoder works with
      return {.name = "OPUS", .served = true, .rtp_name = "opus", .rtp_clock = 48000, .sample_rate = 48000};
    case codec::g722_1:
      return {.name = "G722.1"};
    case codec::svac_video:
      return {.name = "SVAC-video", .kind = media_kind::video};
    case codec::svac_audio:
      return {.name = "SVAC-audio"};
    case codec::other:
      return {.name = "other"};
  }
  return {};
}

constexpr std::string_view to_string(codec c) noexcept { return facts_of(c).name; }
constexpr bool is_served(codec c) noexcept { return facts_of(c).served; }
constexpr bool is_video(codec c) noexcept { return facts_of(c).kind == media_kind::video; }
/// Whether a frame is any number of octets of one rate.
constexpr bool is_octets(codec c) noexcept { return facts_of(c).octet_rate != 0; }

/// Whose number that is by RFC 3551 6; codec::unknown if nobody's.
constexpr codec codec_of_payload(std::uint8_t payload_type) noexcept {
  for (std::size_t i = 0; i < codec_count; ++i)
    if (facts_of(static_cast<codec>(i)).static_payload == payload_type) return static_cast<codec>(i);
  return codec::unknown;
}

}  // namespace berth::net
