#include "api/daemon/log_line.hpp"

namespace berth::api {
namespace {

std::string describe(const actors::stream_status& s) {
  std::string text =
      to_string(s.key) + ", port " + std::to_string(s.port()) + ", generation " + std::to_string(s.generation);
  if (s.peer.is_set()) text += ", from " + s.peer.to_string();
  return text;
}

std::string describe(const actors::sender_status& s) {
  return to_string(s.source) + " with SSRC " + s.request.ssrc_text + " from port " + std::to_string(s.local_port) +
         ", " + std::string{to_string(s.request.way)} + (s.remote.is_set() ? ", to " + s.remote.to_string() : "");
}

}  // namespace

log_level level_of(const actors::event& e) noexcept {
  using actors::event_kind;
  if (e.kind == event_kind::alarm_raised) return log_level::warning;
  const bool failed = (e.kind == event_kind::stream_closed && e.stream->reason == actors::close_reason::failed) ||
                      (e.kind == event_kind::recorded && !e.file->error.empty());
  return failed ? log_level::error : log_level::info;
}

std::string line_of(const actors::event& e) {
  using actors::event_kind;
  switch (e.kind) {
    case event_kind::stream_opened:
      return "opened " + describe(*e.stream);
    case event_kind::stream_active:
      return "receiving " + describe(*e.stream);
    case event_kind::stream_stalled:
      return "silent " + describe(*e.stream);
    case event_kind::stream_closed: {
      const auto& s = *e.stream;
      auto text = "closed " + describe(s) + ": " + std::string{to_string(s.reason)} + ", " +
                  std::to_string(s.counters.accepted) + " packets, " + std::to_string(s.counters.lost) + " lost";
      if (!s.last_reason.empty()) text += "; " + s.last_reason;
      return text;
    }
    case event_kind::alarm_raised:
      return "alarm " + e.alarm->name + " raised: " + e.alarm->text;
    case event_kind::alarm_cleared:
      return "alarm " + e.alarm->name + " cleared: " + e.alarm->text;
    case event_kind::server_started:
      return "started";
    case event_kind::server_exited:
      return "all streams are closed";
    case event_kind::media_registered:
      return "can be watched: " + describe(*e.stream);
    case event_kind::media_unregistered:
      return "can not be watched any more: " + describe(*e.stream);
    case event_kind::viewer_left:
      return "viewer " + e.who->id + " of " + to_string(e.who->key) + " left: " + e.who->protocol + " from " +
             e.who->peer.to_string() + ", " + std::to_string(e.taken->bytes) + " bytes";
    case event_kind::recorded:
      if (e.file->error.empty()) return "recorded " + e.file->path + ", " + std::to_string(e.file->bytes) + " bytes";
      return "recording of " + describe(*e.stream) + " to " + e.file->path + " ended: " + e.file->error;
    case event_kind::sender_started:
      return "sending " + describe(*e.sender);
    case event_kind::sender_stopped:
      return "sent " + describe(*e.sender) + ", " + std::to_string(e.sender->packets) +
             " packets: " + std::string{to_string(e.sender->end)} +
             (e.sender->end_text.empty() ? "" : ", " + e.sender->end_text);
  }
  return {};
}

}  // namespace berth::api
