// A request from an Asio coroutine to an actor. Only core_client.cpp needs to see how it is done.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <caf/all.hpp>
#include <chrono>
#include <memory>
#include <utility>

namespace berth::api {

/// Sends `message` to `to` and completes `token` with caf::expected<R> on the token's own executor. Completes exactly
/// once: with the answer, or with CAF's error when the actor is gone or `timeout` has passed.
template <class R, class Handle, class Message, class Token>
auto ask(caf::actor_system& system, const Handle& to, std::chrono::milliseconds timeout, Message message,
         Token&& token) {
  namespace asio = boost::asio;
  return asio::async_initiate<Token, void(caf::expected<R>)>(
      [&system](auto handler, Handle receiver, std::chrono::milliseconds limit, Message what) {
        auto work = asio::make_work_guard(asio::get_associated_executor(handler));
        auto completion = std::make_shared<decltype(handler)>(std::move(handler));
        auto complete = [completion, work](caf::expected<R> answer) {
          asio::post(work.get_executor(),
                     [completion, answer = std::move(answer)]() mutable { (*completion)(std::move(answer)); });
        };
        system.spawn<caf::hidden>([=](caf::event_based_actor* self) {
          self->request(receiver, limit, what)
              .then([complete](R& answer) { complete(std::move(answer)); },
                    [complete](caf::error& e) { complete(std::move(e)); });
        });
        // CAF remembers every thread that spawns, and would wait for this one when the system goes down.
        caf::logger::set_current_actor_system(nullptr);
      },
      token, to, timeout, std::move(message));
}

}  // namespace berth::api
