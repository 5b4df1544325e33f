#include "api/http/http_server.hpp"

#include <utility>

namespace berth::api {
namespace {

tcp_service sessions_of(http_service service) {
  const auto shared = std::make_shared<const http_service>(std::move(service));
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

http_server::http_server(boost::asio::io_context& io, http_service service)
    : tcp_server(io, sessions_of(std::move(service))) {}

}  // namespace berth::api
