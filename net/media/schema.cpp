#include "net/media/schema.hpp"

#include <algorithm>
#include <array>

namespace berth::net {
namespace {

constexpr std::array<std::string_view, schema_count> schema_names{"rtsp", "rtmp", "ts", "fmp4", "hls"};

}  // namespace

std::string_view to_string(schema s) noexcept { return schema_names[static_cast<std::size_t>(s)]; }

std::optional<schema> parse_schema(std::string_view name) noexcept {
  const auto* found = std::find(schema_names.begin(), schema_names.end(), name);
  if (found == schema_names.end()) return std::nullopt;
  return static_cast<schema>(found - schema_names.begin());
}

}  // namespace berth::net
