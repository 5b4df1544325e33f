// A connection that has left HTTP.
#pragma once

#include <memory>
#include <string>

#include "net/base/endpoint.hpp"
#include "net/base/unique_fd.hpp"

namespace berth::api {

/// What a session hands over when its reply takes the connection: the socket, connected and registered nowhere, and all
/// that is known of it. Sole owner: whoever drops it closes the connection.
struct taken_connection {
  net::unique_fd socket;
  net::endpoint peer;
  net::endpoint local;
  std::string unread;           ///< what the client has sent behind its request
  std::shared_ptr<void> place;  ///< keeps the connection counted by the server: hold it as long as the socket
};

}  // namespace berth::api
