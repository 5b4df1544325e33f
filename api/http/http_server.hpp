// The server of the HTTP API, of pages and of viewers over HTTP.
#pragma once

#include "api/http/http_session.hpp"
#include "api/http/tcp_server.hpp"

namespace berth::api {

/// A server whose sessions are http_session. See tcp_server.
class http_server : public tcp_server {
 public:
  http_server(boost::asio::io_context& io, http_service service);
  http_server(boost::asio::io_context& accepts, context_pool& serve, http_service service);

  /// Goes on with a connection of another server's, whose next request is `first`. From any thread.
  void go_on(taken_connection taken, http_request first);

 private:
  http_server(boost::asio::io_context& io, std::shared_ptr<const http_service> service);
  http_server(boost::asio::io_context& accepts, context_pool& serve, std::shared_ptr<const http_service> service);

  const std::shared_ptr<const http_service> service_;
};

}  // namespace berth::api
