#include "api/core/control_context.hpp"

#include <boost/asio/post.hpp>

namespace berth::api {

void control_context::serve(actors::control_unit& unit) {
  unit_ = &unit;
  unit.move_to(*this);
}

void control_context::wake() {
  boost::asio::post(io_, [this] { unit_->run(); });
}

void control_context::wake_at(net::time_point when) {
  if (timer_.expiry() == when) return;
  timer_.expires_at(when);
  timer_.async_wait([this](boost::system::error_code moved) {
    if (!moved) unit_->run();
  });
}

}  // namespace berth::api
