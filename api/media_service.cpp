#include "api/media_service.hpp"

namespace berth::api {

std::shared_ptr<net::packager> media_service::packager_for(std::uint64_t generation, const net::fan_out_ptr& frames,
                                                           net::container as, bool enhanced_flv) {
  const std::lock_guard lock{mutex_};
  std::erase_if(packagers_, [](const auto& p) { return p.second.expired(); });
  auto& place = packagers_[{generation, as, enhanced_flv}];
  auto shared = place.lock();
  if (!shared) {
    shared = std::make_shared<net::packager>(frames, as, net::muxer_options{.enhanced_flv = enhanced_flv});
    place = shared;
  }
  return shared;
}

}  // namespace berth::api
