#include "net/egress/carried_tracks.hpp"

#include <algorithm>

namespace berth::net {

namespace {

carried_tracks::codecs codecs_of(container c, const muxer_options& options) {
  carried_tracks::codecs out;
  for (std::size_t i = 0; i < codec_count; ++i) out[i] = can_carry(c, static_cast<codec>(i), options);
  return out;
}

}  // namespace

carried_tracks::carried_tracks(container c, const std::vector<track_ptr>& tracks, const muxer_options& options)
    : carried_tracks(codecs_of(c, options), tracks) {}

carried_tracks::carried_tracks(const codecs& carried, const std::vector<track_ptr>& tracks) : carried_(carried) {
  for (const auto& t : tracks) {
    if (!fits(t)) continue;
    auto& place = is_video(t->format) ? video_ : audio_;
    if (place)
      passed_over_.push_back(t);
    else
      place = t;
  }
}

bool carried_tracks::fits(const track_ptr& t) const noexcept {
  if (!t || !carried_[static_cast<std::size_t>(t->format)]) return false;
  return is_octets(t->format) || !t->configuration.empty();
}

carried_tracks::fit carried_tracks::look_at(const track_ptr& t) const {
  if (!t) return fit::none;
  const auto& place = is_video(t->format) ? video_ : audio_;
  if (place == t) return fit::same;
  if (!fits(t) || std::find(passed_over_.begin(), passed_over_.end(), t) != passed_over_.end()) return fit::none;
  return place && *place == *t ? fit::same : fit::changed;
}

carried_tracks::fit carried_tracks::take(const track_ptr& t) {
  const auto f = look_at(t);
  if (f != fit::none) (is_video(t->format) ? video_ : audio_) = t;
  return f;
}

}  // namespace berth::net
