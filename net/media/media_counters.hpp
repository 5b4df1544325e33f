// What a stream's media path has seen, from ordered packets to frames.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "net/base/counter.hpp"
#include "net/base/figure.hpp"

namespace berth::net {

/// The figures of one stream, as counters that are being counted or as plain numbers that were read.
template <class Number>
struct basic_media_counters {
  // reorder buffer
  Number held{};  ///< packets that had to wait for others
  Number late{};  ///< came after their place was given up
  Number gaps{};  ///< places given up, in packets
  // demultiplexer
  Number unknown_payload{};  ///< packets whose payload was not recognized
  Number passed_over{};      ///< units of a codec that is not served, or of a track that is not wanted
  Number malformed{};        ///< units whose syntax is broken
  // frames
  Number video_frames{};
  Number audio_frames{};
  Number key_frames{};
  Number undecodable{};     ///< dropped since no parameter sets or no key frame were there yet
  Number damaged_frames{};  ///< dropped since packets of them were missing
  Number oversized{};       ///< units cut or dropped since they are larger than the bound
  // of the last second, not counted up
  Number byte_rate{};         ///< bytes of packets a second
  Number frame_rate_milli{};  ///< video frames in 1000 seconds
};

/// All of them that count up stand in one table.
template <class Number>
inline constexpr auto media_figures = [] {
  using c = basic_media_counters<Number>;
  return std::to_array<figure<c, Number>>(
      {{"held", figure_kind::total, &c::held, "Packets that had to wait for others."},
       {"late", figure_kind::total, &c::late, "Packets that came after their place was given up."},
       {"gaps", figure_kind::total, &c::gaps, "Places in sequences given up, in packets."},
       {"unknown_payload", figure_kind::total, &c::unknown_payload, "Packets whose payload was not recognized."},
       {"passed_over", figure_kind::total, &c::passed_over,
        "Units of a codec that is not served, or of a track that is not wanted."},
       {"malformed", figure_kind::total, &c::malformed, "Units whose syntax is broken."},
       {"video_frames", figure_kind::total, &c::video_frames, "Frames of video made."},
       {"audio_frames", figure_kind::total, &c::audio_frames, "Frames of sound made."},
       {"key_frames", figure_kind::total, &c::key_frames, "Key frames of video made."},
       {"undecodable", figure_kind::total, &c::undecodable,
        "Frames dropped since no parameter sets or no key frame were there yet."},
       {"damaged_frames", figure_kind::total, &c::damaged_frames, "Frames dropped since packets of them were missing."},
       {"oversized", figure_kind::total, &c::oversized, "Units cut or dropped since they are larger than the bound."}});
}();

/// Written by the stream's reactor thread, readable from everywhere.
using media_counters = basic_media_counters<counter>;

/// What was read of them.
struct media_values : basic_media_counters<std::uint64_t> {
  media_values() = default;
  explicit media_values(const media_counters& read) noexcept {
    for (std::size_t i = 0; i < media_figures<counter>.size(); ++i)
      this->*media_figures<std::uint64_t>[i].value = (read.*media_figures<counter>[i].value).value();
    byte_rate = read.byte_rate.value();
    frame_rate_milli = read.frame_rate_milli.value();
  }

  /// Of several streams together.
  media_values& operator+=(const media_values& other) noexcept {
    for (const auto& f : media_figures<std::uint64_t>) this->*f.value += other.*f.value;
    byte_rate += other.byte_rate;
    frame_rate_milli += other.frame_rate_milli;
    return *this;
  }
};

}  // namespace berth::net
