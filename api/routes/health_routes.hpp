// /v1/health: whether this node lives, and whether it takes work. For whoever restarts it, and whoever sends it clients.
#pragma once

#include <functional>

#include "api/core/core_client.hpp"
#include "api/http/router.hpp"

namespace berth::api {

struct health_needs {
  const core_client& core;
  std::function<bool()> ready;             ///< listening, and not on the way out
  std::function<net::duration()> silence;  ///< how long ago the core showed itself last
};
/// What it is given outlives the router.
void add_health_routes(router& to, const health_needs& with);

}  // namespace berth::api
