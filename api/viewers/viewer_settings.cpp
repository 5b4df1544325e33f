#include "api/viewers/viewer_settings.hpp"

#include <algorithm>

#include "api/config/config.hpp"

namespace berth::api {
namespace {

// Segments are in memory: a list of all of them, which 0 asks for, would grow for ever.
constexpr std::size_t usual_list = 3;
constexpr std::size_t most_segments = 100;

std::size_t size(const config& c, std::string_view key) { return static_cast<std::size_t>(c.get_int(key)); }

}  // namespace

viewer_settings viewer_settings_of(const config& c) {
  viewer_settings s;
  s.max_viewers = size(c, "http.max_viewers");
  s.viewer_timeout = c.get_seconds("http.viewer_timeout_sec");
  s.stream_wait = c.get_milliseconds("general.maxStreamWaitMS");
  s.enhanced_flv = c.get_bool("rtmp.enhanced");
  s.hls.segment_seconds = c.get_number("hls.segDur");
  const auto listed = size(c, "hls.segNum");
  s.hls.segments_in_list = listed == 0 ? usual_list : std::min(listed, most_segments);
  s.hls.segments_kept = std::min(size(c, "hls.segRetain"), most_segments);
  s.hls.fast_register = c.get_bool("hls.fastRegister");
  return s;
}

}  // namespace berth::api
