// Frames of audio out of units of an elementary stream.
#pragma once

#include <functional>
#include <optional>

#include "net/base/time.hpp"
#include "net/codec/aac_syntax.hpp"
#include "net/codec/track.hpp"
#include "net/ingest/elementary_sink.hpp"
#include "net/media/media_counters.hpp"

namespace berth::net {

/// One frame of audio, not on a time line yet.
struct sound {
  track_ptr of;
  std::uint64_t stamp = 0;   ///< of the unit in which it began
  std::uint32_t behind = 0;  ///< samples from there to its beginning
  time_point arrival;
  std::vector<std::uint8_t> data;
};

/// AAC: ADTS frames, several in a unit or one across units. G.711 and Opus: a unit is a frame. Bounded by max_pending.
/// Owned by a frame maker, touched by its thread only.
class audio_framer {
 public:
  static constexpr std::size_t max_pending = 64 * 1024;
  using sink = std::function<void(sound&&)>;

  audio_framer(codec format, media_counters& counters, sink out)
      : format_(format), counters_(counters), out_(std::move(out)) {}

  void unit_begin(std::optional<std::uint64_t> stamp, time_point arrival);
  void bytes(bytes_view piece);
  void unit_end(bool damaged);
  void lost();

  codec format() const noexcept { return format_; }
  const track_ptr& current() const noexcept { return track_; }

 private:
  void take_adts();
  void take_whole();
  void describe(int sample_rate, int channels, std::vector<std::uint8_t> configuration);

  const codec format_;
  media_counters& counters_;
  const sink out_;
  track_ptr track_;
  std::vector<std::uint8_t> pending_;
  std::size_t unit_at_ = 0;  // where in pending_ the last unit begins
  bool unit_stamped_ = false;
  std::uint64_t unit_stamp_ = 0;
  std::uint64_t stamp_ = 0;  // of the frame that comes next
  std::uint32_t behind_ = 0;
  time_point arrival_{};
  bool overflowed_ = false;
};

}  // namespace berth::net
