#include "api/routes/viewer_routes.hpp"

#include "api/viewers/http_entrance.hpp"

namespace berth::api {

void add_viewer_routes(router& to, const viewer_entrance& in) {
  to.set_fallback([entrance = std::make_shared<const http_entrance>(in)](const http_request& request) {
    return entrance->serve(request);
  });
}

}  // namespace berth::api
