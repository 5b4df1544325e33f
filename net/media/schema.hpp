// As what viewers take a stream.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace berth::net {

/// The names of the peer's API.
enum class schema : std::uint8_t { rtsp, rtmp, ts, fmp4, hls };
inline constexpr std::size_t schema_count = static_cast<std::size_t>(schema::hls) + 1;
std::string_view to_string(schema s) noexcept;
std::optional<schema> parse_schema(std::string_view name) noexcept;

/// By their numbers.
using schema_set = std::bitset<schema_count>;
inline const schema_set all_schemas = schema_set{}.set();
inline bool contains(const schema_set& set, schema s) noexcept { return set[static_cast<std::size_t>(s)]; }

}  // namespace berth::net
