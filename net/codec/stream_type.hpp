// Codecs by the stream_type of MPEG-2 systems (ISO/IEC 13818-1 table 2-34), the private ones as GB/T 28181 annex C has
// them.
#pragma once

#include <array>
#include <cstdint>

#include "net/codec/codec.hpp"

namespace berth::net {

struct stream_type {
  std::uint8_t number;
  codec format;
};

inline constexpr std::array<stream_type, 8> stream_types{{{0x1b, codec::h264},
                                                          {0x24, codec::h265},
                                                          {0x0f, codec::aac},
                                                          {0x90, codec::pcma},
                                                          {0x91, codec::pcmu},
                                                          {0x92, codec::g722_1},
                                                          {0x80, codec::svac_video},
                                                          {0x9b, codec::svac_audio}}};

/// codec::other if the number means none of them.
constexpr codec codec_of_stream_type(std::uint8_t number) noexcept {
  for (const auto& t : stream_types)
    if (t.number == number) return t.format;
  return codec::other;
}

/// 0 if there is none.
constexpr std::uint8_t stream_type_of(codec format) noexcept {
  for (const auto& t : stream_types)
    if (t.format == format) return t.number;
  return 0;
}

}  // namespace berth::net
