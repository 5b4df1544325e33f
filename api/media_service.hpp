// What viewers share: the packagers of streams that are watched, and the list of who watches.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "api/viewer_registry.hpp"
#include "net/packager.hpp"

namespace berth::api {

/// Owned by the daemon; any thread may call it.
class media_service {
 public:
  viewer_registry& viewers() noexcept { return viewers_; }

  /// The packager of this life of a stream in this form; it lives while somebody holds it.
  std::shared_ptr<net::packager> packager_for(std::uint64_t generation, const net::fan_out_ptr& frames,
                                              net::container as, bool enhanced_flv);

 private:
  struct form {
    std::uint64_t generation;
    net::container as;
    bool enhanced;
    auto operator<=>(const form&) const = default;
  };

  viewer_registry viewers_;
  std::mutex mutex_;
  std::map<form, std::weak_ptr<net::packager>> packagers_;
};

}  // namespace berth::api
