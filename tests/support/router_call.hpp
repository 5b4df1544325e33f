// What a face answers when it is asked without a server.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "api/http/router.hpp"

namespace berth::tests {

/// The answer to a GET from loopback. `settings` is what the server would have found in force.
inline api::http_reply get_from(const api::router& routes, const std::string& target,
                                std::shared_ptr<const api::http_settings> settings = nullptr) {
  api::http_request request;
  request.method = "GET";
  request.settings = settings ? std::move(settings) : std::make_shared<const api::http_settings>();
  request.peer = *net::endpoint::parse("127.0.0.1", 1);
  request.set_target(target);
  api::http_reply reply;
  boost::asio::io_context io;
  boost::asio::co_spawn(
      io, [&]() -> boost::asio::awaitable<void> { reply = co_await routes.dispatch(request); }, boost::asio::detached);
  io.run();
  return reply;
}

}  // namespace berth::tests
