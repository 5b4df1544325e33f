#include "actors/contract/media_status.hpp"

#include <numeric>

namespace berth::actors {

int media_status::all_viewers() const noexcept { return std::accumulate(viewers.begin(), viewers.end(), 0); }

media_status status_of(const net::live_media& media) {
  media_status s;
  for (const auto& t : media.frames.tracks())
    s.tracks.push_back({t->format, t->kind, t->width, t->height, t->frame_rate, t->sample_rate, t->channels});
  s.counters = net::media_values{media.counters};
  s.ring = media.frames.figures_now();
  for (std::size_t i = 0; i < net::schema_count; ++i) s.viewers[i] = media.frames.viewers(static_cast<net::schema>(i));
  return s;
}

}  // namespace berth::actors
