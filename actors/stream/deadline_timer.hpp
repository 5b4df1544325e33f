// One timer of a hosted actor, for the earliest of its deadlines.
#pragma once

#include <optional>

#include "net/io/poller.hpp"

namespace berth::actors {

/// Fires once for a deadline, as on_timer(tag) of its owner, which must call fired() then and cancel() at its end.
/// Owned by a hosted actor and touched on its reactor's thread only.
class deadline_timer {
 public:
  deadline_timer(net::poller& poller, net::io_handler& owner, std::uint32_t tag)
      : poller_(poller), owner_(owner), tag_(tag) {}

  /// A later deadline than the one that is awaited changes nothing.
  void arm(std::optional<net::time_point> deadline) {
    if (!deadline || (due_ && *due_ <= *deadline)) return;
    poller_.cancel_timer(timer_);
    timer_ = poller_.start_timer(*deadline, owner_, tag_);
    due_ = deadline;
  }
  void fired() noexcept {
    timer_ = net::poller::none;
    due_.reset();
  }
  void cancel() {
    poller_.cancel_timer(timer_);
    due_.reset();
  }

 private:
  net::poller& poller_;
  net::io_handler& owner_;
  const std::uint32_t tag_;
  net::poller::key timer_ = net::poller::none;
  std::optional<net::time_point> due_;
};

}  // namespace berth::actors
