// ZLMediaKit's face of ports and streams: open, close, query, list, and what acts on an open one.
#pragma once

#include <boost/asio/thread_pool.hpp>

#include "api/config/config_store.hpp"
#include "api/core/core_client.hpp"
#include "api/http/router.hpp"

namespace berth::api {

struct rtp_server_needs {
  const core_client& core;
  const config_store& config;
  boost::asio::thread_pool& texts;  ///< where long texts are made
};
/// What it is given outlives the router.
void add_rtp_server_routes(router& to, const rtp_server_needs& with);

}  // namespace berth::api
