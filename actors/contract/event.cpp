#include "actors/contract/event.hpp"

#include <array>

namespace berth::actors {

std::string_view to_string(event_kind kind) noexcept {
  constexpr std::array<std::string_view, event_kind_count> names{
      "stream_opened",  "stream_active", "stream_stalled",   "stream_closed",      "alarm_raised", "alarm_cleared",
      "server_started", "server_exited", "media_registered", "media_unregistered", "viewer_came",  "viewer_left",
      "unwatched",      "recorded",      "sender_started",   "sender_stopped"};
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace berth::actors
