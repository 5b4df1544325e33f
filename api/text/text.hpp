// Small things about text that configuration, HTTP and hooks all need.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::api {

using name_values = std::vector<std::pair<std::string, std::string>>;

/// ASCII only, as header names and argument names are.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) noexcept;
constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
std::string to_lower(std::string_view text);
/// Without the blanks and tabs at both ends.
std::string_view trim(std::string_view text) noexcept;

bool is_utf8(std::string_view text) noexcept;

/// Names that a separator stands between, without the blanks around them; empty ones are none.
std::vector<std::string> names_in(std::string_view text, char separator);
/// Whether `name` is one of them.
bool lists(std::string_view names, char separator, std::string_view name);

/// RFC 3986 2.1. A "%" without two hex digits stays as it is. With `plus_is_blank` as in a form or query.
std::string percent_decode(std::string_view text, bool plus_is_blank = false);
/// All but the unreserved characters of RFC 3986 2.3 as "%XX".
std::string percent_encode(std::string_view text);
/// "a=1&b=2" with decoded values; the names are decoded only on demand.
name_values parse_form(std::string_view text, bool decode_names);

/// Two lower-case digits a byte.
std::string to_hex(std::span<const std::uint8_t> bytes);

}  // namespace berth::api
