#include "api/http/http_server.hpp"

#include <utility>

namespace berth::api {
namespace {

tcp_service sessions_of(const std::shared_ptr<const http_service>& shared) {
  return {.name = "HTTP",
          .make =
              [shared](std::shared_ptr<byte_stream> stream, const net::endpoint& peer, const net::endpoint& local,
                       tcp_service::place_function take_place) {
                return std::make_shared<http_session>(std::move(stream), peer, local, *shared, std::move(take_place));
              },
          .max_connections = [shared] { return shared->settings.get()->max_connections; },
          .log = shared->log};
}

}  // namespace

http_server::http_server(boost::asio::io_context& io, std::shared_ptr<const http_service> service)
    : tcp_server(io, sessions_of(service)), service_(std::move(service)) {}

http_server::http_server(boost::asio::io_context& accepts, context_pool& serve,
                         std::shared_ptr<const http_service> service)
    : tcp_server(accepts, serve, sessions_of(service)), service_(std::move(service)) {}

http_server::http_server(boost::asio::io_context& io, http_service service)
    : http_server(io, std::make_shared<const http_service>(std::move(service))) {}

http_server::http_server(boost::asio::io_context& accepts, context_pool& serve, http_service service)
    : http_server(accepts, serve, std::make_shared<const http_service>(std::move(service))) {}

void http_server::go_on(taken_connection taken, http_request first) {
  const auto peer = taken.peer;
  const auto local = taken.local;
  auto place = taken.place;
  auto unread = std::move(taken.unread);
  adopt(std::move(taken), [&](std::shared_ptr<byte_stream> stream) {
    auto session =
        std::make_shared<http_session>(std::move(stream), peer, local, *service_, [place = place] { return place; });
    session->begin_with(std::move(first), std::move(unread));
    return session;
  });
}

}  // namespace berth::api
