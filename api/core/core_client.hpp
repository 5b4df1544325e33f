// The way from an HTTP handler to the actors: one message there, one completion back.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "actors/contract/asker.hpp"
#include "actors/contract/messages.hpp"
#include "actors/events/hook_dispatcher.hpp"

namespace berth::api {

/// Asks the supervisor, the event log and the hook dispatcher on behalf of coroutines, which go on on their own
/// executor (a strand, see http_server). An answer that does not come in time, or an actor that is gone, is a rejection
/// like any other.
/// Owned by the daemon; any thread may use it; it must not be used once the actor system is going down.
class core_client {
 public:
  core_client(caf::actor_system& system, actors::supervisor_actor supervisor, actors::event_log_actor events,
              actors::hook_dispatcher_actor hooks);

  template <class T>
  using reply = boost::asio::awaitable<actors::outcome<T>>;

  reply<actors::opened> open(actors::open_request request) const;
  reply<actors::closed> close(actors::close_request request) const;
  reply<actors::stream_status> query(actors::query_request request) const;
  reply<actors::stream_list> list(actors::list_request request) const;
  reply<actors::completed> update_ssrc(actors::update_ssrc_request request) const;
  reply<actors::completed> connect(actors::connect_request request) const;
  reply<actors::opened> fetch(actors::fetch_request request) const;
  reply<actors::completed> play_back(actors::playback_request request) const;
  reply<actors::completed> idle_check(actors::idle_check_request request) const;
  reply<actors::watched> watch(actors::watch_request request) const;
  reply<actors::sending_started> start_sending(actors::send_request request) const;
  reply<actors::completed> stop_sending(actors::stop_sending_request request) const;
  reply<actors::sender_list> senders(actors::senders_request request) const;
  reply<actors::ports_report> ports() const;
  reply<actors::node_stats> stats() const;
  reply<actors::event_batch> events_since(actors::events_since request) const;
  reply<actors::hook_stats> hook_stats() const;

  /// A viewer is gone: for the log of events and for on_flow_report.
  void tell_viewer_left(const actors::viewer& who, const actors::consumption& taken) const;
  /// An event that did not come from an actor.
  void tell(actors::event e) const;

  /// Ends requests that have waited for too long: call it about once a second.
  void expire(net::time_point now) const { asker_->expire(now); }

 private:
  actors::asker_ptr asker_;
  actors::supervisor_actor supervisor_;
  actors::event_log_actor events_;
  actors::hook_dispatcher_actor hooks_;
};

}  // namespace berth::api
