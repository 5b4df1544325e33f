#include "api/http/http_request.hpp"

#include <algorithm>

namespace berth::api {
std::shared_ptr<const http_settings> http_request::default_settings() {
  static const auto settings = std::make_shared<const http_settings>();
  return settings;
}

void http_request::set_target(std::string text) {
  target = std::move(text);
  path = percent_decode(raw_path());
  query = parse_form(raw_query(), true);
}

std::string_view http_request::raw_query() const noexcept {
  const std::string_view whole{target};
  const auto question = whole.find('?');
  return question == whole.npos ? std::string_view{} : whole.substr(question + 1);
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

bool http_request::has_segment(std::string_view name) const noexcept {
  return std::any_of(segments.begin(), segments.end(), [name](const auto& s) { return s.first == name; });
}

}  // namespace berth::api
