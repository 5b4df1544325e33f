// Frames in an MPEG program stream (ISO/IEC 13818-1 2.5), as GB/T 28181 has it between platforms.
#pragma once

#include <cstdint>
#include <vector>

#include "net/egress/carried_tracks.hpp"
#include "net/media/frame.hpp"

namespace berth::net {

/// One pack a frame:
///
///   pack header 000001BA | before a key frame: system header BB, program stream map BC | PES ... of the frame
///
/// A stream without video has the map in front of every 50th frame. An access unit that is too long for the length
/// field of one PES packet goes on in the next, which has no time stamps. Opus has no stream type of its own and is not
/// carried. A part of one packetizer, on its thread.
class ps_muxer {
 public:
  explicit ps_muxer(const std::vector<track_ptr>& tracks);

  /// Appends the bytes of one frame; false if it is not carried. Its dts is the pack's clock reference.
  bool write(const frame& f, std::vector<std::uint8_t>& to);

  bool carries_any() const noexcept { return !tracks_.empty(); }
  static bool can_carry(codec format) noexcept;

 private:
  carried_tracks tracks_;
  std::vector<std::uint8_t> unit_;  // room for an access unit with start codes
  unsigned frames_ = 0;             // since the last map
  bool map_due_ = true;
  std::uint8_t map_version_ = 0;
};

}  // namespace berth::net
