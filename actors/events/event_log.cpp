#include "actors/events/event_log.hpp"

#include <algorithm>

namespace berth::actors {

event_log::handle::behavior_type event_log::start(std::size_t events_kept, std::uint64_t first_id,
                                                  std::function<void(const event_ptr&)> on_event) {
  on_event_ = std::move(on_event);
  ring_ = event_ring{events_kept, first_id};
  self_->set_down_handler([this](const caf::down_msg& down) { went_down(down); });
  return {
      [this](const event& e) { publish(e); },
      [this](const follow_events& f) { subscribe(f.sink); },
      [this](const events_since& cursor) { return outcome<event_batch>{ring_.since(cursor)}; },
  };
}

void event_log::publish(const event& e) {
  const auto numbered = ring_.add(e);
  if (on_event_) on_event_(numbered);
  for (const auto& sink : sinks_) self_->send(sink, numbered);
}

void event_log::subscribe(const event_sink& sink) {
  if (std::find(sinks_.begin(), sinks_.end(), sink) != sinks_.end()) return;
  self_->monitor(sink);
  sinks_.push_back(sink);
}

void event_log::went_down(const caf::down_msg& down) {
  std::erase_if(sinks_, [&](const event_sink& sink) { return sink.address() == down.source; });
}

}  // namespace berth::actors
