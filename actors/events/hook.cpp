#include "actors/events/hook.hpp"

namespace berth::actors {

std::string_view to_string(hook_name name) noexcept {
  switch (name) {
    case hook_name::rtp_server_timeout:
      return "on_rtp_server_timeout";
    case hook_name::server_started:
      return "on_server_started";
    case hook_name::server_keepalive:
      return "on_server_keepalive";
    case hook_name::server_exited:
      return "on_server_exited";
    case hook_name::alarm:
      return "on_alarm";
    case hook_name::publish:
      return "on_publish";
    case hook_name::play:
      return "on_play";
    case hook_name::stream_changed:
      return "on_stream_changed";
    case hook_name::stream_none_reader:
      return "on_stream_none_reader";
    case hook_name::stream_not_found:
      return "on_stream_not_found";
    case hook_name::flow_report:
      return "on_flow_report";
    case hook_name::record_mp4:
      return "on_record_mp4";
    case hook_name::send_rtp_stopped:
      return "on_send_rtp_stopped";
  }
  return {};
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
