// Which of a stream's tracks a container takes, and when one of them has become another.
#pragma once

#include <bitset>
#include <vector>

#include "net/codec/track.hpp"
#include "net/egress/container.hpp"

namespace berth::net {

/// At most one video and one audio track: the first of each kind that can be carried and is described well enough.
/// A value of its muxer.
class carried_tracks {
 public:
  enum class fit : std::uint8_t {
    none,     ///< not carried
    same,     ///< as before
    changed,  ///< takes the place of the former track of its kind from now on
  };

  using codecs = std::bitset<codec_count>;

  carried_tracks(const codecs& carried, const std::vector<track_ptr>& tracks);
  carried_tracks(container c, const std::vector<track_ptr>& tracks, const muxer_options& options = {});

  /// What take() would say.
  fit look_at(const track_ptr& t) const;
  /// Where a frame of this track goes. Tracks that say the same are the same.
  fit take(const track_ptr& t);

  const track_ptr& video() const noexcept { return video_; }  ///< null if there is none
  const track_ptr& audio() const noexcept { return audio_; }
  bool empty() const noexcept { return !video_ && !audio_; }
  /// Whether a viewer may begin with this frame.
  bool may_begin_with(const frame& f) const noexcept { return video_ ? f.key && is_video(f.of->format) : true; }

 private:
  bool fits(const track_ptr& t) const noexcept;

  codecs carried_;
  track_ptr video_, audio_;
  std::vector<track_ptr> passed_over_;  // second tracks of a kind
};

}  // namespace berth::net
