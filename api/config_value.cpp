// How each type of configuration value is read.
#include "api/config_value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "api/http_request.hpp"

namespace berth::api {
namespace {

using answer = net::result<config_value, std::string>;

std::string quoted(std::string_view text) { return "'" + std::string{text} + "'"; }

std::string limit_text(double v) {
  return v == std::floor(v) ? std::to_string(static_cast<std::int64_t>(v)) : std::to_string(v);
}

std::string range_text(const config_key& key) { return limit_text(key.min) + ".." + limit_text(key.max); }

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T value{};
  const auto* end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data(), end, value);
  if (failed != std::errc{} || stop != end) return std::nullopt;
  return value;
}

answer read_bool(std::string_view text) {
  for (const auto* yes : {"1", "true", "yes", "on"})
    if (equal_ignoring_case(text, yes)) return config_value{"1", true};
  for (const auto* no : {"0", "false", "no", "off"})
    if (equal_ignoring_case(text, no)) return config_value{"0", false};
  return net::failure{quoted(text) + " is not a boolean: use 1 or 0"};
}

template <class T>
answer read_number(const config_key& key, std::string_view text, const char* what) {
  const auto value = parse_whole<T>(text);
  if (!value || !std::isfinite(static_cast<double>(*value)))
    return net::failure{quoted(text) + " is not " + what + " in " + range_text(key)};
  if (static_cast<double>(*value) < key.min || static_cast<double>(*value) > key.max)
    return net::failure{std::string{text} + " is not in " + range_text(key)};
  return config_value{std::string{text}, *value};
}

answer read_port_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = parse_whole<std::uint32_t>(trim(text.substr(0, dash)));
  const auto last =
      dash == text.npos ? std::nullopt : parse_whole<std::uint32_t>(trim(text.substr(dash + 1)));
  if (!first || !last) return net::failure{quoted(text) + " is not a port range like 30000-35000"};
  if (*first < 1 || *last > 65535 || *first > 65535)
    return net::failure{std::string{text} + " is not within 1..65535"};
  if (*first > *last) return net::failure{std::string{text} + " is upside down: the first port is above the last"};
  const net::port_range range{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
  if (range.pairs() == 0)
    return net::failure{std::string{text} + " holds no pair of an even port and the next one: at least 2 ports"};
  return config_value{std::string{text}, range};
}

answer read_choice(const config_key& key, std::string_view text) {
  auto rest = key.choices;
  while (!rest.empty()) {
    const auto bar = std::min(rest.find('|'), rest.size());
    if (text == rest.substr(0, bar)) return config_value{std::string{text}, {}};
    rest.remove_prefix(std::min(bar + 1, rest.size()));
  }
  return net::failure{quoted(text) + " is not one of " + std::string{key.choices}};
}

answer read_url(std::string_view text) {
  const bool known = starts_with_ignoring_case(text, "http://") || starts_with_ignoring_case(text, "https://");
  const auto host = known ? text.substr(text.find("//") + 2) : std::string_view{};
  if (!text.empty() && (host.empty() || host.front() == '/' || text.find(' ') != text.npos))
    return net::failure{quoted(text) + " is not a URL like http://host:port/path"};
  return config_value{std::string{text}, {}};
}

}  // namespace

net::result<config_value, std::string> parse_config_value(const config_key& key, std::string_view text) {
  text = trim(text);
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    return net::failure{std::string{"it holds a control character"}};
  switch (key.type) {
    case value_type::boolean: return read_bool(text);
    case value_type::integer: return read_number<std::int64_t>(key, text, "a whole number");
    case value_type::number: return read_number<double>(key, text, "a number");
    case value_type::choice: return read_choice(key, text);
    case value_type::port_range: return read_port_range(text);
    case value_type::url: return read_url(text);
    case value_type::address:
      if (!net::endpoint::parse(text, 0)) return net::failure{quoted(text) + " is not a numeric IPv4 or IPv6 address"};
      return config_value{std::string{text}, {}};
    case value_type::ip_ranges: {
      auto ranges = ip_ranges::parse(text);
      if (!ranges) return net::failure{ranges.error()};
      return config_value{std::string{text}, std::move(*ranges)};
    }
    case value_type::text:
    case value_type::secret: break;
  }
  return config_value{std::string{text}, {}};
}

}  // namespace berth::api
