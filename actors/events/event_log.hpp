// Where every event passes: numbered once, kept for late readers, handed to those who listen.
#pragma once

#include <functional>
#include <vector>

#include "actors/events/event_ring.hpp"

namespace berth::actors {

/// State of the event log actor. Subscribers get each event in the order of its number, beginning with the first one
/// after their follow_events; one that ends is forgotten. An answer to events_since is also a barrier: what is in it is in
/// every subscriber's mailbox already. Spawned by the daemon: spawn<event_log>(system, events_kept, first_id, on_event).
/// Runs on the control unit; ends with an exit message.
class event_log {
 public:
  using handle = event_log_actor;
  using self_pointer = handle::stateful_pointer<event_log>;
  static inline const char* name = "event_log";

  explicit event_log(self_pointer self) : self_(self), ring_(1) {}
  /// `on_event` is called with each event, before the subscribers have it; it must neither wait nor throw.
  handle::behavior_type start(std::size_t events_kept, std::uint64_t first_id,
                              std::function<void(const event_ptr&)> on_event);

 private:
  void publish(const event& e);
  void subscribe(const event_sink& sink);
  void went_down(const caf::down_msg& down);

  self_pointer self_;
  event_ring ring_;
  std::function<void(const event_ptr&)> on_event_;
  std::vector<event_sink> sinks_;
};

}  // namespace berth::actors
