// One thread for all actors that own no sockets: the supervisor, the event log, the hooks. It may be one that serves
// something else as well, so that a question asked there is answered without another thread.
#pragma once

#include <atomic>
#include <caf/all.hpp>
#include <caf/detail/simple_actor_clock.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "actors/stream/wake_batch.hpp"
#include "net/base/time.hpp"

namespace berth::actors {

/// A thread that lends itself to a control unit.
class control_loop {
 public:
  virtual ~control_loop() = default;

  /// control_unit::run() is wanted soon, on the loop's thread. Called on any thread.
  virtual void wake() = 0;
  /// It is wanted at that time as well, in place of all times that were named before. Called by run().
  virtual void wake_at(net::time_point when) = 0;
  /// control_unit::follow_up() is wanted behind whatever the turn's answers have made ready to run. Called by run().
  virtual void run_behind() = 0;
};

/// A clock of CAF's without a thread. What has to be cancelled is taken out of a map: nobody is woken for it.
/// A part of the control unit; any thread may use it.
class control_clock final : public caf::detail::simple_actor_clock {
 public:
  using base = caf::detail::simple_actor_clock;

  /// `earlier` is called when something is due before all else.
  explicit control_clock(std::function<void()> earlier) : earlier_(std::move(earlier)) {}

  void set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type, std::uint64_t id) override;
  void set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type, std::uint64_t id) override;
  void set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) override;
  void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override;
  void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override;
  void cancel_timeouts(caf::abstract_actor* self) override;
  void schedule_message(time_point t, caf::strong_actor_ptr receiver, caf::mailbox_element_ptr content) override;
  void schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender, caf::message content) override;
  void cancel_all() override;

  /// Sends what is due.
  void fire(time_point now);
  std::optional<time_point> next() const;

 private:
  template <class Change>
  void change(Change make);

  std::function<void()> earlier_;
  mutable std::mutex mutex_;  // of the base
};

/// CAF's scheduler, with a single thread: a thread of its own, or the one of a control_loop. Its actors and the clock
/// run there and nowhere else; other threads only queue.
/// Made by actor_threads within the actor system, which owns it. enqueue() and the clock: any thread. move_to() and
/// move_home(): the thread that owns the actor_threads.
class control_unit final : public caf::scheduler::abstract_coordinator {
 public:
  explicit control_unit(caf::actor_system& system);
  ~control_unit() override;

  void enqueue(caf::resumable* job) override;
  caf::actor_clock& clock() noexcept override { return clock_; }
  void start() override;
  void stop() override;

  /// From now on the work is done by `loop`, which stays until move_home().
  void move_to(control_loop& loop);
  /// The loop's thread has ended, or will not call run() any more.
  void move_home();

  /// One turn, on the thread that has the work now: everything that is queued, and what follows from it, within bounds.
  void run();
  /// Wakes whom the last turns have left asleep. On the same thread.
  void follow_up();

  /// The longest turn since the last call.
  net::duration longest_turn() noexcept { return net::duration{longest_turn_.exchange(0, std::memory_order_relaxed)}; }

 private:
  /// What CAF schedules from a handler is queued like everything else.
  class unit final : public caf::execution_unit {
   public:
    explicit unit(control_unit& owner) : caf::execution_unit(&owner.system()), owner_(owner) {}
    void exec_later(caf::resumable* job) override { owner_.enqueue(job); }

   private:
    control_unit& owner_;
  };

  /// The thread of its own.
  class home final : public control_loop {
   public:
    explicit home(control_unit& owner) : owner_(owner) {}
    void begin();
    void end();
    void wake() override;
    void wake_at(net::time_point when) override { due_ = when; }
    void run_behind() override { behind_ = true; }

   private:
    void serve();

    control_unit& owner_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool wanted_ = false;
    bool ending_ = false;
    // of the thread alone
    net::time_point due_ = net::time_point::max();
    bool behind_ = false;
    std::thread thread_;
  };

  bool on_own_thread() const noexcept { return runner_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }
  void take_foreign_jobs();
  bool run_jobs();
  void wake();

  unit unit_{*this};
  control_clock clock_{[this] { wake(); }};
  home home_{*this};
  std::atomic<std::thread::id> runner_{};
  std::atomic<std::int64_t> longest_turn_{0};

  // of the runner
  std::vector<caf::resumable*> jobs_;
  std::vector<caf::resumable*> running_;
  bool in_turn_ = false;
  bool turn_wanted_ = false;
  wake_batch reactors_;
  bool follow_up_wanted_ = false;

  std::mutex mutex_;
  control_loop* loop_ = &home_;
  std::vector<caf::resumable*> foreign_jobs_;
  bool signalled_ = false;
};

}  // namespace berth::actors
