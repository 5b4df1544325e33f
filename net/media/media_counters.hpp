// What a stream's media path has seen, from ordered packets to frames.
#pragma once

#include <array>
#include <string_view>

#include "net/base/counter.hpp"

namespace berth::net {

/// Written by the stream's reactor thread, readable from everywhere.
struct media_counters {
  // reorder buffer
  counter held;  ///< packets that had to wait for others
  counter late;  ///< came after their place was given up
  counter gaps;  ///< places given up, in packets
  // demultiplexer
  counter unknown_payload;  ///< packets whose payload was not recognized
  counter passed_over;      ///< units of a codec that is not served, or of a track that is not wanted
  counter malformed;        ///< units whose syntax is broken
  // frames
  counter video_frames;
  counter audio_frames;
  counter key_frames;
  counter undecodable;     ///< dropped since no parameter sets or no key frame were there yet
  counter damaged_frames;  ///< dropped since packets of them were missing
  counter oversized;       ///< units cut or dropped since they are larger than the bound
  // of the last second, not counted up
  counter byte_rate;         ///< bytes of packets a second
  counter frame_rate_milli;  ///< video frames in 1000 seconds
};

/// A figure that counts up, by its JSON name.
struct media_figure {
  std::string_view name;
  counter media_counters::*value;
};
inline constexpr auto media_figures =
    std::to_array<media_figure>({{"held", &media_counters::held},
                                 {"late", &media_counters::late},
                                 {"gaps", &media_counters::gaps},
                                 {"unknown_payload", &media_counters::unknown_payload},
                                 {"passed_over", &media_counters::passed_over},
                                 {"malformed", &media_counters::malformed},
                                 {"video_frames", &media_counters::video_frames},
                                 {"audio_frames", &media_counters::audio_frames},
                                 {"key_frames", &media_counters::key_frames},
                                 {"undecodable", &media_counters::undecodable},
                                 {"damaged_frames", &media_counters::damaged_frames},
                                 {"oversized", &media_counters::oversized}});

}  // namespace berth::net
