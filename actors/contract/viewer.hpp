// Who watches a stream, as hooks and lists name it.
#pragma once

#include <string>

#include "actors/contract/stream_key.hpp"
#include "net/base/endpoint.hpp"
#include "net/media/fan_out.hpp"

namespace berth::actors {

struct viewer {
  stream_key key;        ///< what it asks for
  std::string id;        ///< of the session, unique on the node
  std::string protocol;  ///< of the transport: "http", "ws"
  net::schema as = net::schema::rtmp;
  net::endpoint peer;
  net::endpoint local;
  std::string params;  ///< the query of the URL, without '?'
};

}  // namespace berth::actors
