// What is known of a stream's media at one moment: figures, and no media.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "net/codec/codec.hpp"
#include "net/media/live_media.hpp"

namespace berth::actors {

/// One track, as lists and hooks tell of it.
struct track_figures {
  net::codec format = net::codec::unknown;
  net::media_kind kind = net::media_kind::video;
  int width = 0;
  int height = 0;
  double frame_rate = 0;  ///< as the parameter sets say; 0 = they do not
  int sample_rate = 0;
  int channels = 0;
};

struct media_status {
  std::vector<track_figures> tracks;  ///< empty until they are complete
  net::media_values counters;
  net::fan_out::figures ring;
  std::array<int, net::schema_count> viewers{};

  int viewers_as(net::schema as) const noexcept { return viewers[static_cast<std::size_t>(as)]; }
  int all_viewers() const noexcept;
};

media_status status_of(const net::live_media& media);

}  // namespace berth::actors
