// The native face: streams and ports as resources, and the metrics.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <vector>

#include "api/config/config_store.hpp"
#include "api/core/core_client.hpp"
#include "api/http/router.hpp"
#include "api/recording/snapshot_service.hpp"
#include "api/routes/metrics.hpp"

namespace berth::api {

struct v1_needs {
  const core_client& core;
  const config_store& config;
  snapshot_service& snapshots;
  boost::asio::thread_pool& texts;  ///< where long texts are made
  std::function<std::vector<thread_load>()> threads;
};
/// What it is given outlives the router.
void add_v1_routes(router& to, const v1_needs& with);

}  // namespace berth::api
