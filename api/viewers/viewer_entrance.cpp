#include "api/viewers/viewer_entrance.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace berth::api {

actors::viewer viewer_entrance::announce(client c) const {
  actors::viewer who;
  who.key = std::move(c.key);
  who.id = viewers_.viewers().next_id();
  who.protocol = std::move(c.protocol);
  who.as = c.as;
  who.peer = c.peer;
  who.local = c.local;
  who.params = std::move(c.params);
  return who;
}

boost::asio::awaitable<viewer_entrance::answer> viewer_entrance::admit(actors::viewer who) const {
  actors::watch_request wanted{std::move(who), viewers_.settings().stream_wait};
  co_return co_await watch_(std::move(wanted));
}

actors::outcome<viewer_order> viewer_entrance::seat(actors::viewer who, const actors::watched& stream,
                                                    net::container as) const {
  auto order = viewers_.reserve(std::move(who), stream, as, left_);
  if (!order) return net::failure{full()};
  return std::move(*order);
}

actors::rejection viewer_entrance::full() const {
  return {actors::errc::too_many_streams,
          std::to_string(viewers_.settings().max_viewers) + " viewers watch already, the most that are allowed",
          {}};
}

}  // namespace berth::api
