// How a stream's packets become frames: what the configuration and the open of a stream say about it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "net/base/time.hpp"

namespace berth::net {

/// An aggregate of the node's settings; a stream keeps those that were in force when it was opened.
struct media_options {
  // payload types that stand for one codec (rtp_proxy.*_pt); all others are detected
  std::uint8_t h264_pt = 98;
  std::uint8_t h265_pt = 99;
  std::uint8_t opus_pt = 100;
  duration reorder_patience = std::chrono::milliseconds{300};  ///< longest wait for a missing packet
  /// Longest wait for a further track, once one is complete: if the carrier announces it; if it announces nothing.
  duration announced_track_wait = std::chrono::milliseconds{1000};
  duration other_track_wait = std::chrono::milliseconds{500};
  std::size_t max_unit = 4 * 1024 * 1024;  ///< bytes of one access unit
  std::size_t max_held = 8 * 1024 * 1024;  ///< bytes of packets kept until on_publish is answered
  std::size_t ring_frames = 1024;          ///< of the fan-out
  std::size_t ring_bytes = 32 * 1024 * 1024;
};

}  // namespace berth::net
