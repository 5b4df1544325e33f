// What the ingest of a stream and all who read it have in common.
#pragma once

#include <memory>

#include "net/media/fan_out.hpp"
#include "net/media/media_counters.hpp"
#include "net/media/media_options.hpp"

namespace berth::net {

/// One per stream life, made at its first packet; dies with the last of the stream, its record and its readers.
struct live_media {
  explicit live_media(const media_options& o) : frames({o.ring_frames, o.ring_bytes}) {}

  media_counters counters;
  fan_out frames;
};
using live_media_ptr = std::shared_ptr<live_media>;

/// The fan-out alone, for those who only read.
inline fan_out_ptr frames_of(const live_media_ptr& media) { return {media, &media->frames}; }

}  // namespace berth::net
