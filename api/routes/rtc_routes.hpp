// WebRTC's signalling: an offer comes in a POST, the answer goes back. ZLMediaKit's face of it, WHIP (RFC 9725) and WHEP.
// Nobody is asked for a secret here: on_play and on_publish decide.
#pragma once

#include "api/config/config_store.hpp"
#include "api/core/core_client.hpp"
#include "api/http/router.hpp"
#include "api/viewers/rtc_service.hpp"
#include "api/viewers/viewer_entrance.hpp"

namespace berth::api {

struct rtc_needs {
  const core_client& core;
  const config_store& config;
  const viewer_entrance& viewers;
  rtc_service& rtc;
};
/// What it is given outlives the router.
void add_rtc_routes(router& to, const rtc_needs& with);

}  // namespace berth::api
