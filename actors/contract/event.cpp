#include "actors/contract/event.hpp"

namespace berth::actors {

std::string_view to_string(event_kind kind) noexcept {
  switch (kind) {
    case event_kind::stream_opened:
      return "stream_opened";
    case event_kind::stream_active:
      return "stream_active";
    case event_kind::stream_stalled:
      return "stream_stalled";
    case event_kind::stream_closed:
      return "stream_closed";
    case event_kind::alarm_raised:
      return "alarm_raised";
    case event_kind::alarm_cleared:
      return "alarm_cleared";
    case event_kind::server_started:
      return "server_started";
    case event_kind::server_exited:
      return "server_exited";
    case event_kind::media_registered:
      return "media_registered";
    case event_kind::media_unregistered:
      return "media_unregistered";
    case event_kind::viewer_left:
      return "viewer_left";
    case event_kind::recorded:
      return "recorded";
    case event_kind::sender_started:
      return "sender_started";
    case event_kind::sender_stopped:
      return "sender_stopped";
  }
  return {};
}

}  // namespace berth::actors
