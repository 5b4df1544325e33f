// Actors that live on a reactor's thread: the one header that knows how CAF 0.17 schedules.
#pragma once

#include <atomic>
#include <caf/all.hpp>
#include <functional>
#include <utility>

#include "net/io/poller.hpp"
#include "net/io/receive_buffers.hpp"

namespace berth::actors {

/// Where a hosted actor lives: the poller that calls it, the buffers it reads into, the execution unit that runs its
/// messages, and the one that its handlers run in, which takes whatever they wake elsewhere. Null units leave the actor
/// on CAF's scheduler: that is how tests run it in virtual time. What it points to outlives the actors, and not only
/// their ends: see actor_threads.
struct berth_host {
  net::poller* poller = nullptr;
  net::receive_buffers* buffers = nullptr;
  caf::execution_unit* unit = nullptr;
  caf::execution_unit* context = nullptr;
  std::atomic<std::size_t>* load = nullptr;  ///< actors hosted here
};

/// A typed actor that is known, and not kept: messages to one that has ended go nowhere.
template <class Handle>
class weak_handle {
 public:
  weak_handle() = default;
  explicit weak_handle(const Handle& of) : to_(caf::actor_cast<caf::weak_actor_ptr>(of)) {}
  explicit weak_handle(caf::weak_actor_ptr to) : to_(std::move(to)) {}

  template <class Message>
  void tell(Message what) const {
    if (const auto strong = caf::actor_cast<caf::strong_actor_ptr>(to_))
      caf::anon_send(caf::actor_cast<Handle>(strong), std::move(what));
  }

 private:
  caf::weak_actor_ptr to_;
};

/// Base of actors that own sockets. All their handlers, on_ready(), on_timer() and on_exit() run on the host's thread,
/// so their members need no lock.
/// CAF hands in the execution unit of whoever sends or spawns; the two overrides put the host's in its place.
template <class Handle>
class hosted_actor : public Handle::base, public net::io_handler {
 public:
  using handle = Handle;
  using behavior = typename Handle::behavior_type;

  hosted_actor(caf::actor_config& config, const berth_host& host) : Handle::base(config), host_(host) {
    if (host_.load != nullptr) host_.load->fetch_add(1, std::memory_order_relaxed);
  }
  ~hosted_actor() override {
    if (host_.load != nullptr) host_.load->fetch_sub(1, std::memory_order_relaxed);
  }

  using Handle::base::enqueue;
  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit* unit) override {
    Handle::base::enqueue(std::move(message), host_.unit != nullptr ? host_.unit : unit);
  }
  void launch(caf::execution_unit* unit, bool lazy, bool hide) override {
    Handle::base::launch(host_.unit != nullptr ? host_.unit : unit, lazy, hide);
  }

 protected:
  /// Call it first in on_ready() and on_timer(): outside a message handler CAF's execution unit is the one of the last
  /// handler, perhaps gone; and an actor that has ended must not be touched. False: it has ended.
  bool enter() {
    if (this->getf(caf::abstract_actor::is_terminated_flag)) return false;
    this->context(host_.context);
    return true;
  }
  net::poller& poller() noexcept { return *host_.poller; }
  net::receive_buffers& buffers() noexcept { return *host_.buffers; }

  weak_handle<Handle> weak_self() { return weak_handle<Handle>{caf::actor_cast<caf::weak_actor_ptr>(this->ctrl())}; }
  /// For fan-outs and sources, which call it on their threads and must not keep an actor that nobody else wants.
  template <class Message>
  std::function<void()> waker() {
    return [self = weak_self()] { self.tell(Message{}); };
  }

 private:
  berth_host host_;
};

}  // namespace berth::actors
