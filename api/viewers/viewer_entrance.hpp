// The one way in for viewers, whatever they speak: from who it is, over whether he may, to a place.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "actors/contract/watching.hpp"
#include "api/viewers/viewer_service.hpp"

namespace berth::api {

/// Owned by the daemon, shared by the faces that have viewers; immutable, any thread may call it.
class viewer_entrance {
 public:
  using answer = actors::outcome<actors::watched>;
  using watch_function = std::function<boost::asio::awaitable<answer>(actors::watch_request)>;

  /// `left` is told of each viewer that has gone, once.
  viewer_entrance(viewer_service& viewers, watch_function watch, viewer_service::left_function left)
      : viewers_(viewers), watch_(std::move(watch)), left_(std::move(left)) {}

  /// What a client says of itself; the entrance adds the id.
  struct client {
    actors::stream_key key;
    std::string protocol;
    net::schema as = net::schema::rtmp;
    net::endpoint peer, local;
    std::string params;
  };
  actors::viewer announce(client c) const;

  /// Asks whether it may, and waits for the stream as long as the settings let it.
  boost::asio::awaitable<answer> admit(actors::viewer who) const;
  /// A place for one that was admitted. Refused with too_many_streams.
  actors::outcome<viewer_order> seat(actors::viewer who, const actors::watched& stream, net::container as) const;
  actors::rejection full() const;

  viewer_service& viewers() const noexcept { return viewers_; }
  const viewer_service::left_function& left() const noexcept { return left_; }

 private:
  viewer_service& viewers_;
  watch_function watch_;
  viewer_service::left_function left_;
};

}  // namespace berth::api
