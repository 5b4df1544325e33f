// What happened, for those who want to be told: hooks, event streams, metrics.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "actors/contract/message.hpp"
#include "actors/contract/sending.hpp"
#include "actors/contract/stream_status.hpp"
#include "actors/contract/viewer.hpp"

namespace berth::actors {

enum class event_kind : std::uint8_t {
  stream_opened,
  stream_active,  ///< first packet, or the first one after a silence
  stream_stalled,
  stream_closed,  ///< sockets closed, port free or resting; status.reason says why
  alarm_raised,
  alarm_cleared,
  server_started,      ///< ports listen
  server_exited,       ///< orderly end, all streams closed
  media_registered,    ///< the tracks are complete: the stream can be watched
  media_unregistered,  ///< it can not be watched any more
  viewer_left,
  recorded,  ///< a recording's file is complete
  sender_started,
  sender_stopped,  ///< its end says why
};
inline constexpr std::size_t event_kind_count = static_cast<std::size_t>(event_kind::sender_stopped) + 1;
std::string_view to_string(event_kind kind) noexcept;

/// One alarm's state at the moment it changed.
struct alarm_change {
  std::string name;      ///< "allocation_failures" or "port_pool_low"
  std::string text;      ///< a sentence with the figures
  double value = 0;      ///< the ratio that was measured
  double threshold = 0;  ///< the one it crossed
};

/// A recording's file, complete and closed.
struct recording {
  std::string path;    ///< as it is in the file system
  std::string folder;  ///< the stream's folder, with a slash at its end
  std::string url;     ///< below the HTTP root
  net::wall_time begun;
  net::duration length{};
  std::uint64_t bytes = 0;
  std::string error;  ///< why it ended before it was told to; empty = it did not
};

/// What a viewer took.
struct consumption {
  std::uint64_t bytes = 0;
  net::duration time{};
};

/// Figures only: what it holds outlives what it tells of by thousands of events. Immutable once the log has numbered
/// it, and shared by all who read it.
struct event {
  using answer = nothing;

  std::uint64_t id = 0;  ///< given by the event log, without gaps; 0 = not logged yet
  event_kind kind = event_kind::stream_opened;
  net::wall_time at{};
  stream_status_ptr stream{};                     ///< of the stream_ kinds, as it was at that moment
  std::shared_ptr<const alarm_change> alarm{};    ///< of the alarm_ kinds
  std::shared_ptr<const viewer> who{};            ///< of the viewer_ kinds
  std::shared_ptr<const consumption> taken{};     ///< of viewer_left
  std::shared_ptr<const recording> file{};        ///< of recorded
  std::shared_ptr<const sender_status> sender{};  ///< of the sender_ kinds
};
using event_ptr = std::shared_ptr<const event>;

}  // namespace berth::actors
