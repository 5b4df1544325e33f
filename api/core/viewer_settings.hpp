// What the viewers' side has to know of the configuration.
#pragma once

#include <cstddef>
#include <functional>

#include "net/base/time.hpp"
#include "net/egress/hls_segmenter.hpp"

namespace berth::api {

/// An aggregate: made by whoever reads the configuration, asked for again by each viewer that comes.
struct viewer_settings {
  std::size_t max_viewers = 5000;                           ///< one more gets 503
  net::duration viewer_timeout = std::chrono::seconds{10};  ///< a viewer that takes nothing for so long is cut
  net::duration stream_wait = std::chrono::seconds{15};     ///< how long a viewer waits for a stream, or for a playlist
  std::size_t send_buffer = 256 * 1024;  ///< bytes in the kernel for one viewer; 0 = the kernel's own
  bool enhanced_flv = false;
  net::hls_options hls{};                                  ///< `as` is the player's choice
  net::duration hls_idle = std::chrono::seconds{60};       ///< segments are made so long after the last request
  net::duration hls_viewer = std::chrono::seconds{30};     ///< a player counts so long after its last request
  net::duration hls_after_end = std::chrono::seconds{10};  ///< segments stay so long after the stream's end
};
/// Called from any thread.
using viewer_settings_function = std::function<viewer_settings()>;

}  // namespace berth::api
