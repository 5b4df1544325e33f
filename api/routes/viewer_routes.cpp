// Streams for viewers, at the paths of viewer_path.
#include "api/core/core_client.hpp"
#include "api/routes/node.hpp"
#include "api/viewers/viewer_entrance.hpp"
#include "api/viewers/viewer_service.hpp"

namespace berth::api {

void add_viewer_routes(router& to, const node& n) {
  const auto entrance = std::make_shared<const viewer_entrance>(viewer_entrance::dependencies{
      n.media, [&core = n.core](actors::watch_request wanted) { return core.watch(std::move(wanted)); },
      [&core = n.core](const actors::viewer& who, const actors::consumption& taken) {
        core.tell_viewer_left(who, taken);
      }});
  to.set_fallback([entrance](const http_request& request) { return entrance->serve(request); });
}

}  // namespace berth::api
