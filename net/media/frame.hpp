// One access unit of a track: what the ingest side makes and everything behind it shares.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "net/codec/track.hpp"

namespace berth::net {

inline constexpr int frame_clock = 90000;  ///< units of frame time a second

/// Immutable and shared by all readers; dies with the last of them.
struct frame {
  track_ptr of;
  std::int64_t dts = 0;  ///< frame_clock units on the stream's own time line, never behind the track's frame before
  std::int64_t pts = 0;
  bool key = false;  ///< video: decoding may begin here. Audio: never
  /// Video: NAL units, each behind its length in 4 bytes, big endian; without access unit delimiters and without the
  /// parameter sets, which stand in the track. Audio: one raw frame (AAC without ADTS) or a run of samples.
  std::vector<std::uint8_t> data;
};
using frame_ptr = std::shared_ptr<const frame>;

/// Takes finished frames. Implementations must not throw.
class frame_sink {
 public:
  virtual void on_frame(frame_ptr f) = 0;

 protected:
  ~frame_sink() = default;
};

}  // namespace berth::net
