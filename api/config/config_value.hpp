// What a configuration value means once its text has been read, and the rules of each type.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/config/config_schema.hpp"
#include "api/config/ip_ranges.hpp"
#include "net/base/result.hpp"
#include "net/io/port_pool.hpp"

namespace berth::api {

/// A value in both of its forms: the text that is shown and stored, and what it means. Texts, choices, addresses, URLs
/// and secrets have no second form. A value type without any sharing.
struct config_value {
  std::string text;
  std::variant<std::monostate, bool, std::int64_t, double, net::port_range, ip_ranges> meaning;
};

/// Reads `text` as a value of `key`; the error is a sentence that names what is allowed, without the key's name.
/// Blanks around the text are dropped and a boolean becomes "0" or "1"; anything else keeps its spelling, because
/// controllers compare texts ("10.0" is not "10" to them).
net::result<config_value, std::string> parse_config_value(const config_key& key, std::string_view text);

/// The secret in the sample file of ZLMediaKit, which replaces it at its first start. Everybody knows it, so it counts as
/// none at all.
bool is_public_secret(std::string_view text) noexcept;

/// "2,3,4": numbers of processors, 0..1023; an empty text has none. The error names the part that is none.
net::result<std::vector<int>, std::string> parse_processors(std::string_view text);

}  // namespace berth::api
