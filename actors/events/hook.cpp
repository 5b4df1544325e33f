#include "actors/events/hook.hpp"

namespace berth::actors {

std::string_view to_string(hook_name name) noexcept {
  constexpr std::array<std::string_view, hook_name_count> names{"on_rtp_server_timeout",
                                                                "on_server_started",
                                                                "on_server_keepalive",
                                                                "on_server_exited",
                                                                "on_alarm",
                                                                "on_publish",
                                                                "on_play",
                                                                "on_stream_changed",
                                                                "on_stream_none_reader",
                                                                "on_stream_not_found",
                                                                "on_flow_report",
                                                                "on_record_mp4",
                                                                "on_send_rtp_stopped"};
  return names[static_cast<std::size_t>(name)];
}

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
