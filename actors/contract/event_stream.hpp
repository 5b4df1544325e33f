// The event log as the rest of the program sees it.
#pragma once

#include <vector>

#include "actors/contract/event.hpp"
#include "actors/contract/message.hpp"

namespace berth::actors {

/// Who is told of each event that has its number.
using event_sink = caf::typed_actor<caf::reacts_to<event_ptr>>;

/// From now on this one is told.
struct follow_events {
  using answer = nothing;

  event_sink sink;
};

/// Answered with what is newer than a cursor.
struct event_batch {
  std::vector<event_ptr> events;
  std::uint64_t last = 0;  ///< newest id there is
  bool missed = false;     ///< the cursor is older than the oldest event kept
};
struct events_since {
  using answer = outcome<event_batch>;
  static constexpr auto to = receiver::event_log;

  std::uint64_t after = 0;  ///< 0 = from the oldest event that is kept
  std::size_t limit = 100;
};

/// Takes events from the supervisor and the daemon, numbers them, keeps the newest, hands each on to its followers.
using event_log_actor = actor_of<event, follow_events, events_since>;

}  // namespace berth::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::event_ptr)
