// The rules of each value type.
#include "api/config/config_value.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "api/text/text.hpp"
#include "net/base/endpoint.hpp"

namespace berth::api {
namespace {

using parsed_value = net::result<config_value, std::string>;

/// The text in an error message: enough of it to be found again.
std::string shown(std::string_view text) {
  return text.size() <= 60 ? fmt::format("'{}'", text) : fmt::format("'{}...'", text.substr(0, 60));
}

/// Reads all of `text`; a rest behind the number makes it none.
template <class T>
std::optional<T> whole_number(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

parsed_value parse_boolean(std::string_view text) {
  for (const auto* word : {"1", "true", "yes", "on"})
    if (equal_ignoring_case(text, word)) return config_value{"1", true};
  for (const auto* word : {"0", "false", "no", "off"})
    if (equal_ignoring_case(text, word)) return config_value{"0", false};
  return net::failure{shown(text) + " is not 0 or 1"};
}

template <class T>
parsed_value parse_number(const config_key& key, std::string_view text, std::string_view kind) {
  const auto number = whole_number<T>(text);
  if (!number) return net::failure{fmt::format("{} is not {} within {}..{}", shown(text), kind, key.min, key.max)};
  // NaN is within no limits: it fails this comparison, written so that it does.
  if (const auto n = static_cast<double>(*number); !(key.min <= n && n <= key.max))
    return net::failure{fmt::format("{} is not within {}..{}", text, key.min, key.max)};
  return config_value{std::string{text}, *number};
}

parsed_value parse_port_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = whole_number<std::int64_t>(trim(text.substr(0, dash)));
  const auto last =
      dash == std::string_view::npos ? std::nullopt : whole_number<std::int64_t>(trim(text.substr(dash + 1)));
  const auto is_port = [](std::int64_t n) { return 1 <= n && n <= 65535; };
  if (!first || !last) return net::failure{shown(text) + " is not a range of ports like 30000-35000"};
  if (!is_port(*first) || !is_port(*last)) return net::failure{fmt::format("{} is not within 1..65535", text)};
  if (*first > *last) return net::failure{fmt::format("{} is upside down: write {}-{}", text, *last, *first)};
  const net::port_range range{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
  if (range.pairs() == 0)
    return net::failure{
        fmt::format("{} holds no pair of an even port and the odd one above it: give at least 2 ports", text)};
  return config_value{std::string{text}, range};
}

parsed_value parse_choice(const config_key& key, std::string_view text) {
  for (auto rest = key.choices; !rest.empty();) {
    const auto bar = rest.find('|');
    if (text == rest.substr(0, bar)) return config_value{std::string{text}, {}};
    rest = bar == std::string_view::npos ? std::string_view{} : rest.substr(bar + 1);
  }
  return net::failure{fmt::format("{} is none of {}", shown(text), key.choices)};
}

parsed_value parse_url(std::string_view text) {
  if (text.empty()) return config_value{};
  const auto url = boost::urls::parse_uri({text.data(), text.size()});
  const auto scheme = url ? url->scheme_id() : boost::urls::scheme::none;
  if (scheme != boost::urls::scheme::http && scheme != boost::urls::scheme::https)
    return net::failure{shown(text) + " is not an http:// or https:// URL, nor empty"};
  if (url->encoded_host().empty()) return net::failure{shown(text) + " names no host"};
  if (url->has_port() && !url->port().empty() && url->port_number() == 0)
    return net::failure{shown(text) + " names a port that is not within 1..65535"};
  return config_value{std::string{text}, {}};
}

parsed_value parse_ip_ranges(std::string_view text) {
  auto ranges = ip_ranges::parse(text);
  if (!ranges) return net::failure{std::move(ranges.error())};
  // A list of nothing but commas would let everybody in.
  if (ranges->empty() && !text.empty()) return net::failure{shown(text) + " names no address"};
  return config_value{std::string{text}, std::move(*ranges)};
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

}  // namespace

bool is_public_secret(std::string_view text) noexcept { return text == "035c73f7-bb6b-4889-a715-d9eb2d1925cc"; }

net::result<config_value, std::string> parse_config_value(const config_key& key, std::string_view text) {
  text = trim(text);
  // A line break would add lines of its own to the file of overrides, and bad UTF-8 would spoil every JSON answer.
  if (has_control_character(text)) return net::failure{std::string{"contains a control character"}};
  if (!simdjson::validate_utf8(text.data(), text.size())) return net::failure{std::string{"is not valid UTF-8"}};
  switch (key.type) {
    case value_type::boolean:
      return parse_boolean(text);
    case value_type::integer:
      return parse_number<std::int64_t>(key, text, "an integer");
    case value_type::number:
      return parse_number<double>(key, text, "a number");
    case value_type::choice:
      return parse_choice(key, text);
    case value_type::port_range:
      return parse_port_range(text);
    case value_type::url:
      return parse_url(text);
    case value_type::ip_ranges:
      return parse_ip_ranges(text);
    case value_type::address:
      if (net::endpoint::parse(text, 0)) break;
      return net::failure{shown(text) + " is not a numeric IPv4 or IPv6 address"};
    case value_type::secret:
      if (text != "***") break;
      return net::failure{std::string{"*** is the mask of a printed configuration, not a secret"}};
    case value_type::text:
      break;
  }
  return config_value{std::string{text}, {}};
}

net::result<std::vector<int>, std::string> parse_processors(std::string_view text) {
  constexpr int most = 1024;
  std::vector<int> all;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto part = text.substr(0, comma);
    int number = -1;
    const auto [end, failed] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (failed != std::errc{} || end != part.data() + part.size() || number < 0 || number >= most)
      return net::failure{"'" + std::string{part} + "' is not the number of a processor, 0..1023"};
    all.push_back(number);
    text = comma == text.npos ? std::string_view{} : text.substr(comma + 1);
  }
  return all;
}

}  // namespace berth::api
