// Streams for viewers, at the paths of viewer_path.
#pragma once

#include "api/http/router.hpp"
#include "api/viewers/viewer_entrance.hpp"

namespace berth::api {

/// The entrance outlives the router.
void add_viewer_routes(router& to, const viewer_entrance& in);

}  // namespace berth::api
