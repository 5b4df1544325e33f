// How long a frame lasts, asked before the next one is there.
#pragma once

#include "net/media/frame.hpp"

namespace berth::net {

/// Audio frames say it themselves; a video frame is taken to last as long as the one before it. Of one track; a value
/// of whoever writes the track.
class frame_pace {
 public:
  /// In frame_clock units, at least 1. Called once a frame, in order.
  std::int64_t duration_of(const frame& f) noexcept {
    const auto& t = *f.of;
    const std::int64_t rate = t.sample_rate > 0 ? t.sample_rate : 8000;
    const auto step = begun_ ? f.dts - last_ : 0;
    begun_ = true;
    last_ = f.dts;
    if (t.format == codec::aac) return 1024 * frame_clock / rate;
    if (const auto octet_rate = facts_of(t.format).octet_rate; octet_rate != 0) {
      const std::int64_t octets = static_cast<std::int64_t>(f.data.size()) / (t.channels > 1 ? t.channels : 1);
      return octets > 0 ? octets * frame_clock / octet_rate : 1;
    }
    if (step > 0 && step <= longest) pace_ = step;
    if (pace_ > 0) return pace_;
    if (t.kind == media_kind::audio) return frame_clock / 50;
    return t.frame_rate >= 1 && t.frame_rate <= 1000 ? static_cast<std::int64_t>(frame_clock / t.frame_rate)
                                                     : frame_clock / 25;
  }

 private:
  static constexpr std::int64_t longest = 10 * frame_clock;

  std::int64_t last_ = 0;
  std::int64_t pace_ = 0;
  bool begun_ = false;
};

}  // namespace berth::net
