#include "api/core/control_context.hpp"

#include <boost/asio/post.hpp>

namespace berth::api {

void control_context::serve(actors::control_unit& unit) {
  unit_ = &unit;
  unit.move_to(*this);
}

void control_context::wake() {
  // One turn that is waited for is enough, whoever asks for it.
  if (posted_.exchange(true)) return;
  boost::asio::post(io_, [this] {
    posted_ = false;
    unit_->run();
  });
}

void control_context::wake_at(net::time_point when) {
  if (timer_.expiry() == when) return;
  timer_.expires_at(when);
  timer_.async_wait([this](boost::system::error_code moved) {
    if (!moved) unit_->run();
  });
}

// Answers were posted by the turn: their replies are on their way when this runs.
void control_context::run_behind() {
  boost::asio::post(io_, [this] { unit_->follow_up(); });
}

}  // namespace berth::api
