// The native face: streams and ports as resources, and the metrics.
#pragma once

#include "api/config/config_store.hpp"
#include "api/core/core_client.hpp"
#include "api/http/router.hpp"
#include "api/recording/snapshot_service.hpp"

namespace berth::api {

struct v1_needs {
  const core_client& core;
  const config_store& config;
  snapshot_service& snapshots;
};
/// What it is given outlives the router.
void add_v1_routes(router& to, const v1_needs& with);

}  // namespace berth::api
