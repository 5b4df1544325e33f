// ZLMediaKit's face of RTP that goes out: to another platform, to a device, back to where a stream comes from.
#pragma once

#include "api/config/config_store.hpp"
#include "api/core/core_client.hpp"
#include "api/http/router.hpp"

namespace berth::api {

struct rtp_sender_needs {
  const core_client& core;
  const config_store& config;
};
/// What it is given outlives the router.
void add_rtp_sender_routes(router& to, const rtp_sender_needs& with);

}  // namespace berth::api
