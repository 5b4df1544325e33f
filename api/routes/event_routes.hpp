// The native face of what happens: /v1/events, server-sent events of the HTML standard (9.2), with a cursor.
#pragma once

#include "api/core/core_client.hpp"
#include "api/core/event_feed.hpp"
#include "api/http/router.hpp"

namespace berth::api {

struct event_needs {
  const core_client& core;
  event_feed& feed;
};
/// What it is given outlives the router.
void add_event_routes(router& to, const event_needs& with);

}  // namespace berth::api
