// What a path asks for when it is the name of a stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/egress/container.hpp"

namespace berth::api {

/// /APP/STREAM.live.flv, .live.mp4, .live.ts; /APP/STREAM/hls.m3u8, hls.fmp4.m3u8 and the files that these name.
struct viewer_path {
  enum class kind : std::uint8_t {
    live,      ///< media without an end
    unknown,   ///< .live.SOMETHING: `file` is that something
    playlist,  ///< of HLS
    segment,   ///< of HLS: `session` and `file` name it
  };

  kind what = kind::live;
  net::container as = net::container::flv;
  std::string app;
  std::string stream;   ///< may hold slashes
  std::string session;  ///< "GENERATION-NUMBER"
  std::string file;
};

/// `path` is percent-decoded. Nothing if it can not be the name of a stream.
std::optional<viewer_path> parse_viewer_path(std::string_view path);

/// What may stand behind ".live.": "flv, mp4, ts".
std::string live_suffixes();

}  // namespace berth::api
