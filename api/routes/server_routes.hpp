// ZLMediaKit's face of the node itself: configuration, lists, figures, restart.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <boost/json.hpp>
#include <functional>

#include "api/config/config_store.hpp"
#include "api/core/core_client.hpp"
#include "api/http/router.hpp"
#include "net/io/socket_factory.hpp"

namespace berth::api {

struct server_needs {
  const core_client& core;
  config_store& config;
  net::socket_factory& sockets;
  boost::asio::thread_pool& disk;                   ///< where waiting is allowed
  std::function<void()> restart;                    ///< begins an orderly end that is followed by a new start
  std::function<std::vector<std::string>()> paths;  ///< of all calls
  std::function<boost::json::array()> reactor_loads, worker_loads;
};
/// What it is given outlives the router.
void add_server_routes(router& to, const server_needs& with);

/// getStatistic's figures, which the keepalive hook carries as well.
boost::json::object statistic(const actors::node_stats& stats);

}  // namespace berth::api
