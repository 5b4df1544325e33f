// Whom a stream listens to once it has heard its camera.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace berth::net {

enum class source_policy : std::uint8_t {
  learn,   ///< the first source, until it falls silent: then one with the same SSRC or address takes over
  pin,     ///< the first source, for ever
  follow,  ///< the latest source that sends the stream's SSRC, at once
  any,     ///< the source does not matter, only the SSRC
};
inline constexpr std::size_t source_policy_count = static_cast<std::size_t>(source_policy::any) + 1;

/// The policy as a parameter and JSON value, e.g. "learn".
constexpr std::string_view to_string(source_policy policy) noexcept {
  switch (policy) {
    case source_policy::learn:
      return "learn";
    case source_policy::pin:
      return "pin";
    case source_policy::follow:
      return "follow";
    case source_policy::any:
      return "any";
  }
  return {};
}

/// The reverse of to_string(); nothing for any other text.
constexpr std::optional<source_policy> parse_source_policy(std::string_view text) noexcept {
  for (std::size_t i = 0; i < source_policy_count; ++i)
    if (text == to_string(static_cast<source_policy>(i))) return static_cast<source_policy>(i);
  return std::nullopt;
}

}  // namespace berth::net
