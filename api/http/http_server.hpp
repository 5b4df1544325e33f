// The server of the HTTP API, of pages and of viewers over HTTP.
#pragma once

#include "api/http/http_session.hpp"
#include "api/http/tcp_server.hpp"

namespace berth::api {

/// A server whose sessions are http_session. See tcp_server.
class http_server : public tcp_server {
 public:
  http_server(boost::asio::io_context& io, http_service service);
};

}  // namespace berth::api
