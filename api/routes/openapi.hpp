// The native face described for programs: /v1/openapi.json, OpenAPI 3.1. A test compares it with the routes there are.
#pragma once

#include "api/http/router.hpp"

namespace berth::api {

void add_openapi_route(router& to);

}  // namespace berth::api
