// A request from an Asio coroutine to an actor.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

#include "actors/contract/asker.hpp"

namespace berth::api {

/// Sends `message` to `to` and completes `token` with caf::expected<R> on the token's own executor. Completes exactly
/// once: with the answer, or with CAF's error when the actor is gone or the deadline has passed.
template <class R, class Handle, class Message, class Token>
auto ask(actors::asker& by, const Handle& to, net::time_point deadline, Message message, Token&& token) {
  namespace asio = boost::asio;
  return asio::async_initiate<Token, void(caf::expected<R>)>(
      [&by](auto handler, const Handle& receiver, net::time_point limit, Message what) {
        auto work = asio::make_work_guard(asio::get_associated_executor(handler));
        auto completion = std::make_shared<decltype(handler)>(std::move(handler));
        by.ask<R>(receiver, std::move(what), limit, [completion, work](caf::expected<R> answer) {
          asio::post(work.get_executor(),
                     [completion, answer = std::move(answer)]() mutable { (*completion)(std::move(answer)); });
        });
      },
      token, to, deadline, std::move(message));
}

}  // namespace berth::api
