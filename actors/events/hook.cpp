#include "actors/events/hook.hpp"

namespace berth::actors {

const std::string* hook_outcome::member(std::string_view name) const noexcept {
  for (const auto& [key, value] : members)
    if (key == name) return &value;
  return nullptr;
}

// RFC 3986 3: scheme "://" [userinfo "@"] host [":" port] path. An IPv6 host stands in brackets.
std::string receiver_of(std::string_view url) {
  std::string scheme = "http";
  if (const auto end = url.find("://"); end != std::string_view::npos) {
    scheme = url.substr(0, end);
    url.remove_prefix(end + 3);
  }
  auto authority = url.substr(0, url.find_first_of("/?#"));
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  std::string receiver = scheme + "://" + std::string{authority};
  for (auto& c : receiver)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const auto bracket = authority.rfind(']');
  const bool has_port = authority.find(':', bracket == std::string_view::npos ? 0 : bracket) != std::string_view::npos;
  if (!has_port) receiver += receiver.starts_with("https:") ? ":443" : ":80";
  return receiver;
}

}  // namespace berth::actors
