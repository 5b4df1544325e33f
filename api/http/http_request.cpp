#include "api/http/http_request.hpp"

#include <algorithm>

namespace berth::api {
namespace {

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) noexcept {
  return equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

std::string to_lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

std::string_view trim(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string percent_decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_blank && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

name_values parse_form(std::string_view text, bool decode_names) {
  name_values out;
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto field = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (field.empty()) continue;
    const auto equals = field.find('=');
    const auto name = field.substr(0, equals);
    const auto value = equals == std::string_view::npos ? std::string_view{} : field.substr(equals + 1);
    out.emplace_back(decode_names ? percent_decode(name, true) : std::string{name}, percent_decode(value, true));
  }
  return out;
}

std::shared_ptr<const http_settings> http_request::default_settings() {
  static const auto settings = std::make_shared<const http_settings>();
  return settings;
}

void http_request::set_target(std::string text) {
  target = std::move(text);
  path = percent_decode(raw_path());
  const std::string_view whole{target};
  const auto question = whole.find('?');
  query = question == std::string_view::npos ? name_values{} : parse_form(whole.substr(question + 1), true);
}

std::string_view http_request::raw_path() const noexcept {
  std::string_view text{target};
  text = text.substr(0, text.find('?'));
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!starts_with_ignoring_case(text, scheme)) continue;
    const auto slash = text.find('/', scheme.size());
    return slash == std::string_view::npos ? std::string_view{"/"} : text.substr(slash);
  }
  return text;
}

std::string_view http_request::header(std::string_view name) const noexcept {
  for (const auto& [n, value] : headers)
    if (equal_ignoring_case(n, name)) return value;
  return {};
}

bool http_request::has_header(std::string_view name) const noexcept {
  return std::any_of(headers.begin(), headers.end(),
                     [name](const auto& h) { return equal_ignoring_case(h.first, name); });
}

const std::string* http_request::query_value(std::string_view name) const noexcept {
  const auto found = std::find_if(query.rbegin(), query.rend(), [name](const auto& q) { return q.first == name; });
  return found == query.rend() ? nullptr : &found->second;
}

std::string_view http_request::segment(std::string_view name) const noexcept {
  for (const auto& [n, value] : segments)
    if (n == name) return value;
  return {};
}

}  // namespace berth::api
