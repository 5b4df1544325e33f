// A laboratory for actors: virtual time, one message at a time, and a seed instead of luck.
#pragma once

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <random>

namespace berth::tests {

/// An actor system under CAF's testing scheduler. Nothing runs until the test says so; a seed is a schedule, so a failure
/// repeats. Kill all actors and run() before it is destroyed.
class actor_lab {
 public:
  explicit actor_lab(std::uint64_t seed = 0)
      : system(configure(config)),
        scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())),
        self(system, true),
        rng(seed) {
    scheduler.clock().current_time += std::chrono::hours{1};
  }
  ~actor_lab() {
    scheduler.clock().cancel_all();
    scheduler.run();
  }
  actor_lab(const actor_lab&) = delete;
  actor_lab& operator=(const actor_lab&) = delete;

  /// Runs until nobody has anything left to do.
  std::size_t run() { return scheduler.run(); }

  /// One message of one runnable actor, drawn by the seed. False if there is none.
  bool step() {
    auto& jobs = scheduler.jobs;
    if (jobs.empty()) return false;
    const auto k = static_cast<std::ptrdiff_t>(rng() % jobs.size());
    std::rotate(jobs.begin(), jobs.begin() + k, jobs.begin() + k + 1);
    return scheduler.try_run_once();
  }
  std::size_t run_shuffled() {
    std::size_t n = 0;
    while (step()) ++n;
    return n;
  }

  /// Moves the clock, lets every timer fire that is due on the way, and runs what follows.
  void advance(caf::timespan by) {
    scheduler.advance_time(by);
    run();
  }
  auto now() const { return scheduler.clock().now(); }

  /// Sends a request, runs everything, returns the answer.
  template <class Answer, class Handle, class Message>
  Answer ask(const Handle& to, Message message) {
    auto pending = self->request(to, caf::infinite, std::move(message));
    run();
    std::optional<Answer> answer;
    pending.receive([&](Answer& a) { answer.emplace(std::move(a)); },
                    [&](caf::error& e) { throw std::runtime_error("no answer: " + system.render(e)); });
    return std::move(*answer);
  }

  caf::actor_system_config config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  caf::scoped_actor self;
  std::mt19937_64 rng;

 private:
  static caf::actor_system_config& configure(caf::actor_system_config& c) {
    c.set("scheduler.policy", caf::atom("testing"));
    return c;
  }
};

}  // namespace berth::tests
