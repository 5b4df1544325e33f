// The thread that serves the API, lent to the actors that answer it.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "actors/stream/control_unit.hpp"

namespace berth::api {

/// An io_context for one thread, which runs the control unit between its handlers: a request is answered on the thread
/// that it came in on. Nothing that runs here may wait, for the supervisor would wait with it.
/// Owned by the daemon. wake() may be called from any thread, the other overrides by the control unit's turns, the rest
/// by the owner. Destroy it when nobody runs the context any more and the control unit has moved home.
class control_context final : public actors::control_loop {
 public:
  boost::asio::io_context& io() noexcept { return io_; }

  /// From now on the unit's work is done here, as soon as somebody runs the context.
  void serve(actors::control_unit& unit);

  void wake() override;
  void wake_at(net::time_point when) override;
  void run_behind() override;

 private:
  boost::asio::io_context io_{1};
  boost::asio::steady_timer timer_{io_};
  std::atomic<bool> posted_{false};
  actors::control_unit* unit_ = nullptr;
};

}  // namespace berth::api
