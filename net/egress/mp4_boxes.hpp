// The few boxes of an MP4 that are set right after the library has written them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "net/base/bytes.hpp"

namespace berth::net {

/// A field of mvhd, tkhd or mdhd that says how long the film is.
struct mp4_duration {
  std::size_t at = 0;           ///< from the beginning of the header
  bool wide = false;            ///< 8 bytes; otherwise 4
  std::uint32_t timescale = 0;  ///< units a second
};

/// Those of a moov; none if the header is broken or has none.
std::vector<mp4_duration> find_mp4_durations(bytes_view header);

/// Sets the decode time of a fragment's first track, in units of the track; false if there is no place for it.
bool set_mp4_decode_time(std::span<std::uint8_t> fragment, std::uint64_t time);

}  // namespace berth::net
