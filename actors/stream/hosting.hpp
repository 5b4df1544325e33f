// Actors that live on a reactor's thread: the one header that knows how CAF 0.17 schedules.
#pragma once

#include <atomic>
#include <caf/all.hpp>
#include <utility>

#include "net/io/poller.hpp"
#include "net/io/receive_buffers.hpp"

namespace berth::actors {

/// Where a hosted actor lives: the poller that calls it, the buffers it reads into, and the execution unit that runs
/// its messages. A null unit leaves the actor on CAF's scheduler: that is how tests run it in virtual time. What it
/// points to outlives the actors, and not only their ends: see actor_threads.
struct berth_host {
  net::poller* poller = nullptr;
  net::receive_buffers* buffers = nullptr;
  caf::execution_unit* unit = nullptr;
  std::atomic<std::size_t>* load = nullptr;  ///< actors hosted here
};

/// Base of actors that own sockets. All their handlers, on_ready(), on_timer() and on_exit() run on the host's thread,
/// so their members need no lock.
/// CAF hands in the execution unit of whoever sends or spawns; the two overrides put the host's in its place.
class hosted_actor : public caf::event_based_actor, public net::io_handler {
 public:
  hosted_actor(caf::actor_config& config, const berth_host& host) : caf::event_based_actor(config), host_(host) {
    if (host_.load != nullptr) host_.load->fetch_add(1, std::memory_order_relaxed);
  }
  ~hosted_actor() override {
    if (host_.load != nullptr) host_.load->fetch_sub(1, std::memory_order_relaxed);
  }

  using caf::event_based_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit* unit) override {
    caf::event_based_actor::enqueue(std::move(message), host_.unit != nullptr ? host_.unit : unit);
  }
  void launch(caf::execution_unit* unit, bool lazy, bool hide) override {
    caf::event_based_actor::launch(host_.unit != nullptr ? host_.unit : unit, lazy, hide);
  }

 protected:
  /// Call it first in on_ready() and on_timer(): outside a message handler CAF's execution unit is the one of the last
  /// handler, perhaps gone; and an actor that has ended must not be touched. False: it has ended.
  bool enter() {
    if (getf(is_terminated_flag)) return false;
    context(host_.unit);
    return true;
  }
  net::poller& poller() noexcept { return *host_.poller; }
  net::receive_buffers& buffers() noexcept { return *host_.buffers; }

 private:
  berth_host host_;
};

}  // namespace berth::actors
