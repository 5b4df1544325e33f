// One epoll set with timers: tells its handlers that a descriptor is ready or that a moment has come.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "net/base/time.hpp"
#include "net/base/unique_fd.hpp"

namespace berth::net {

/// What a poller calls. A handler owns several descriptors and timers; the tag, chosen when one is added, tells them
/// apart.
class io_handler {
 public:
  /// `events`: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP. Must not throw.
  virtual void on_ready(std::uint32_t tag, std::uint32_t events, time_point now) = 0;
  /// Must not throw.
  virtual void on_timer(std::uint32_t tag, time_point now) = 0;

 protected:
  ~io_handler() = default;
};

/// Registers descriptors and one-shot timers, and dispatches to them. Each registration has a slot and a generation, so
/// that an event that was fetched together with the close of its descriptor never reaches the descriptor's successor.
/// Owned by a reactor (or a test); every member is called on that one thread, also from inside handlers.
class poller {
 public:
  using key = std::uint64_t;  ///< generation << 32 | slot
  static constexpr key none = ~key{0};

  poller();
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  /// Registers `fd` level-triggered. Returns none if the kernel refuses (its limit on watches).
  key add(int fd, std::uint32_t events, io_handler& handler, std::uint32_t tag);
  void change(int fd, key registration, std::uint32_t events);
  /// Call it before the descriptor is closed. `registration` becomes none; removing none does nothing.
  void remove(int fd, key& registration);

  key start_timer(time_point due, io_handler& handler, std::uint32_t tag);
  void cancel_timer(key& timer);

  /// Makes wait() and rest() return early. The one member that any thread may call.
  void wake() noexcept;

  /// Sleeps for `pause`, deaf to descriptors: what arrives meanwhile is read in one go afterwards.
  void rest(duration pause);

  /// A handler that leaves data behind on purpose says so: then it is not the time to rest.
  void leave_unfinished() noexcept { unfinished_ = true; }

  /// Waits until something is ready, wake() is called, a timer is due or `timeout` has passed, then dispatches.
  /// `now` is read through `clock_now` after the wait. Returns how many descriptors were ready.
  template <class Clock>
  int wait(duration timeout, Clock&& clock_now) {
    const int ready = fetch(timeout_until_timer(timeout, clock_now()));
    const auto now = clock_now();
    dispatch(ready, now);
    run_timers(now);
    return ready;
  }

  std::uint64_t stale_events() const noexcept { return stale_events_; }
  std::size_t descriptors() const noexcept { return descriptors_; }
  /// True if the last wait could not finish: more was ready than it fetched, or a handler left data behind.
  bool unfinished() const noexcept { return unfinished_; }

 private:
  struct slot {
    std::uint32_t generation = 0;
    std::uint32_t tag = 0;
    io_handler* handler = nullptr;
  };
  struct timer_entry {
    time_point due;
    key slot_key;
    bool operator>(const timer_entry& other) const { return due > other.due; }
  };

  key take_slot(io_handler& handler, std::uint32_t tag);
  void free_slot(key k);
  slot* find(key k);
  duration timeout_until_timer(duration timeout, time_point now) const;
  int fetch(duration timeout);
  void dispatch(int ready, time_point now);
  void run_timers(time_point now);

  unique_fd epoll_;
  unique_fd wake_;
  std::vector<slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::priority_queue<timer_entry, std::vector<timer_entry>, std::greater<>> timers_;
  std::vector<std::uint64_t> batch_;  // key and events of the fetched events, in pairs
  std::uint64_t stale_events_ = 0;
  std::size_t descriptors_ = 0;
  bool unfinished_ = false;
};

}  // namespace berth::net
