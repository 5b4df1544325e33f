#include "api/core/core_client.hpp"

namespace berth::api {

actors::rejection core_client::lost(const caf::error& why) const {
  if (why == caf::sec::request_timeout) return {actors::errc::internal, "the core did not answer in time", {}};
  return {actors::errc::shutting_down, "the core is gone: " + asker_->home_system().render(why), {}};
}

void core_client::tell(actors::event e) const {
  e.at = net::wall_clock::now();
  caf::anon_send(events_, std::move(e));
}

}  // namespace berth::api
