#include "net/media/schema.hpp"

namespace berth::net {

std::string_view to_string(schema s) noexcept {
  switch (s) {
    case schema::rtsp:
      return "rtsp";
    case schema::rtmp:
      return "rtmp";
    case schema::ts:
      return "ts";
    case schema::fmp4:
      return "fmp4";
    case schema::hls:
      return "hls";
  }
  return {};
}

std::optional<schema> parse_schema(std::string_view name) noexcept {
  for (std::size_t i = 0; i < schema_count; ++i)
    if (const auto s = static_cast<schema>(i); to_string(s) == name) return s;
  return std::nullopt;
}

}  // namespace berth::net
