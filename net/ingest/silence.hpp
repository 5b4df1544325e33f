// Sound for streams that have none: some players wait for a sound track before they show a picture.
#pragma once

#include "net/media/frame.hpp"

namespace berth::net {

/// Silent AAC of 8000 Hz beside the pictures of a stream. Owned by a media receiver, touched by its thread only.
class silence {
 public:
  static constexpr int sample_rate = 8000;
  static constexpr std::int64_t frame_length = std::int64_t{1024} * frame_clock / sample_rate;

  silence();

  const track_ptr& track() const noexcept { return track_; }
  /// Gives `to` what is to be heard up to `picture`; begins with the first one. A line that jumps ahead by
  /// more than a few frames is joined where it goes on.
  void follow(const frame& picture, frame_sink& to);

 private:
  track_ptr track_;
  std::int64_t next_ = 0;
  bool begun_ = false;
};

}  // namespace berth::net
