// The way from an HTTP handler to the actors: one message there, one completion back.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <string_view>
#include <utility>

#include "actors/contract/asker.hpp"
#include "actors/contract/event_stream.hpp"
#include "actors/contract/supervisor.hpp"
#include "actors/events/hook_dispatcher.hpp"
#include "api/core/ask.hpp"

namespace berth::api {

/// What whoever waits for the core in vain is told.
inline constexpr std::string_view did_not_answer = "the core did not answer in time";

/// Asks the supervisor, the event log and the hook dispatcher on behalf of coroutines, which go on on their own
/// executor (their connection's thread, see tcp_server). Every message says itself who answers it and how long that may
/// take; an answer that does not come in time, or an actor that is gone, is a rejection like any other.
/// Owned by the daemon; any thread may use it; it must not be used once the actor system is going down.
class core_client {
 public:
  template <class Message>
  using reply = boost::asio::awaitable<actors::answer_of<Message>>;

  core_client(caf::actor_system& system, actors::supervisor_actor supervisor, actors::event_log_actor events,
              actors::hook_dispatcher_actor hooks)
      : asker_(actors::make_asker(system)),
        supervisor_(std::move(supervisor)),
        events_(std::move(events)),
        hooks_(std::move(hooks)) {}

  template <actors::question_of_api Message>
  reply<Message> ask(Message message) const {
    using answer = actors::answer_of<Message>;
    const auto deadline = net::clock::now() + actors::patience_for(message);
    auto asking =
        api::ask<answer>(*asker_, receiver_of<Message>(), deadline, std::move(message), boost::asio::use_awaitable);
    auto got = co_await std::move(asking);
    if (!got) co_return net::failure{lost(got.error())};
    co_return std::move(*got);
  }

  /// All that is asked for, a part at a time, so that nobody waits long behind it. A stream that comes or goes meanwhile
  /// may be in it or not.
  reply<actors::list_request> list(actors::list_request wanted) const;
  /// Likewise.
  reply<actors::ports_request> ports() const;

  /// For those who are no coroutines: `then` is called once, on the thread of whoever answers.
  template <actors::question_of_api Message>
  void ask(Message message, std::function<void(actors::answer_of<Message>)> then) const {
    using answer = actors::answer_of<Message>;
    const auto deadline = net::clock::now() + actors::patience_for(message);
    asker_->ask<answer>(receiver_of<Message>(), std::move(message), deadline,
                        [this, then = std::move(then)](caf::expected<answer> got) {
                          then(got ? std::move(*got) : answer{net::failure{lost(got.error())}});
                        });
  }

  /// An event that did not come from an actor.
  void tell(actors::event e) const;

  /// Ends requests that have waited for too long: call it about once a second.
  void expire(net::time_point now) const { asker_->expire(now); }

 private:
  template <class Message>
  const auto& receiver_of() const noexcept {
    if constexpr (Message::to == actors::receiver::event_log)
      return events_;
    else if constexpr (Message::to == actors::receiver::hooks)
      return hooks_;
    else
      return supervisor_;
  }
  actors::rejection lost(const caf::error& why) const;

  actors::asker_ptr asker_;
  actors::supervisor_actor supervisor_;
  actors::event_log_actor events_;
  actors::hook_dispatcher_actor hooks_;
};

}  // namespace berth::api
