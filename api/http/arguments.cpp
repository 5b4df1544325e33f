#include "api/http/arguments.hpp"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace berth::api {
namespace {

using simdjson::ondemand::json_type;

/// RFC 8259 6: what the lazy parser has not looked at may still be no number.
bool is_json_number(std::string_view text) noexcept {
  const auto digits = [&text] {
    const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(end);
    return end;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool zero = text.starts_with('0');
  const auto whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

/// Some languages know only floating-point numbers and write 30000 as 30000.0 or 3e4; everything else stays as written.
std::string number_text(std::string_view token) {
  if (token.find_first_of(".eE") == std::string_view::npos) return std::string{token};
  constexpr double exact = 9007199254740992.0;  // 2^53: up to here every integer has a double of its own
  double value = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  const bool integral = error == std::errc{} && std::abs(value) <= exact && std::trunc(value) == value;
  return integral ? std::to_string(static_cast<std::int64_t>(value)) : std::string{token};
}

struct json_members {
  name_values values;
  std::string nested;  // names of members that are objects or arrays
};

/// The text of a scalar; `nested` for an object or array. Any error makes the whole document malformed.
simdjson::error_code read_member(simdjson::ondemand::value value, std::string& text, bool& nested) {
  json_type type{};
  if (const auto error = value.type().get(type)) return error;
  switch (type) {
    case json_type::object:
    case json_type::array:
      nested = true;
      return simdjson::SUCCESS;
    case json_type::string: {
      std::string_view view;
      if (const auto error = value.get_string().get(view)) return error;
      text = view;
      return simdjson::SUCCESS;
    }
    case json_type::number: {
      std::string_view token = value.raw_json_token();
      token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
      if (!is_json_number(token)) return simdjson::NUMBER_ERROR;
      text = number_text(token);
      return simdjson::SUCCESS;
    }
    case json_type::boolean: {
      bool truth = false;
      if (const auto error = value.get_bool().get(truth)) return error;
      text = truth ? "true" : "false";
      return simdjson::SUCCESS;
    }
    case json_type::null: {
      bool null = false;
      if (const auto error = value.is_null().get(null)) return error;
      return null ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
    }
  }
  return simdjson::INCORRECT_TYPE;
}

simdjson::error_code read_members(std::string_view body, json_members& out) {
  const simdjson::padded_string padded{body};
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  if (const auto error = parser.iterate(padded).get(document)) return error;
  simdjson::ondemand::object object;
  if (const auto error = document.get_object().get(object)) return error;
  for (auto member : object) {
    if (member.error()) return member.error();
    std::string_view key;
    if (const auto error = member.unescaped_key().get(key)) return error;
    std::string name{key};
    std::string text;
    bool nested = false;
    simdjson::ondemand::value value;
    if (const auto error = member.value().get(value)) return error;
    if (const auto error = read_member(value, text, nested)) return error;
    if (nested)
      out.nested += (out.nested.empty() ? "'" : ", '") + name + "'";
    else
      out.values.emplace_back(std::move(name), std::move(text));
  }
  const char* rest = nullptr;
  const bool at_end = document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;
  return at_end ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
}

std::string range_text(std::string_view name, std::string_view value, std::int64_t min, std::int64_t max) {
  return std::string{name} + ": '" + std::string{value} + "' is not a decimal number within " + std::to_string(min) +
         ".." + std::to_string(max);
}

}  // namespace

arguments::arguments(const http_request& request) : request_(request) {
  const auto type = request.header("Content-Type");
  json_body_ = starts_with_ignoring_case(type, "application/json");
  if (json_body_) {
    read_json(request.body);
  } else if (starts_with_ignoring_case(type, "application/x-www-form-urlencoded")) {
    for (auto& [name, value] : parse_form(request.body, false)) set(std::move(name), std::move(value));
  }
  all_.reserve(all_.size() + request.query.size());
  for (const auto& [name, value] : request.query) set(name, value);
}

void arguments::set(std::string name, std::string value) {
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const auto& a) { return equal_ignoring_case(a.first, name); });
  if (found == all_.end())
    all_.emplace_back(std::move(name), std::move(value));
  else
    found->second = std::move(value);
}

void arguments::read_json(std::string_view body) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return;
  json_members members;
  if (const auto error = read_members(body, members)) {
    remark_ = error == simdjson::INCORRECT_TYPE
                  ? std::string{"the JSON body was ignored: it is not an object"}
                  : std::string{"the JSON body was ignored: "} + simdjson::error_message(error);
    return;
  }
  for (auto& [name, value] : members.values) set(std::move(name), std::move(value));
  if (!members.nested.empty()) remark_ = "ignored, since nested: " + members.nested;
}

std::string_view arguments::text(std::string_view name) const noexcept {
  for (const auto& [n, value] : all_)
    if (!value.empty() && equal_ignoring_case(n, name)) return value;
  return request_.header(name);
}

std::string arguments::text_or(std::string_view name, std::string_view fallback) const {
  const auto value = text(name);
  return std::string{value.empty() ? fallback : value};
}

net::result<std::int64_t, std::string> arguments::integer(std::string_view name, std::int64_t min, std::int64_t max,
                                                          std::int64_t fallback) const {
  const auto given = text(name);
  if (given.empty()) return fallback;
  const auto digits = trim(given);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value < min || value > max)
    return net::failure{range_text(name, given, min, max)};
  return value;
}

net::result<std::uint32_t, std::string> arguments::uint32(std::string_view name, std::uint32_t fallback) const {
  auto value = integer(name, 0, std::numeric_limits<std::uint32_t>::max(), fallback);
  if (!value) return net::failure{std::move(value.error())};
  return static_cast<std::uint32_t>(*value);
}

net::result<std::uint16_t, std::string> arguments::port(std::string_view name, std::uint16_t fallback) const {
  auto value = integer(name, 0, std::numeric_limits<std::uint16_t>::max(), fallback);
  if (!value) return net::failure{std::move(value.error())};
  return static_cast<std::uint16_t>(*value);
}

net::result<std::uint32_t, std::string> arguments::ssrc(std::string_view name, std::uint32_t fallback) const {
  return uint32(name, fallback);
}

bool arguments::flag(std::string_view name, bool fallback) const noexcept {
  const auto value = text(name);
  if (value.empty()) return fallback;
  return value == "1" || equal_ignoring_case(value, "true");
}

std::optional<std::string> arguments::require(const std::vector<std::string_view>& names,
                                              std::string_view separator) const {
  if (std::all_of(names.begin(), names.end(), [this](auto name) { return has(name); })) return std::nullopt;
  std::string message = "Required parameter missed: ";
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (name != names.begin()) message += separator;
    message += '"';
    message += *name;
    message += '"';
  }
  if (!remark_.empty()) message += "; " + remark_;
  return message;
}

}  // namespace berth::api
