// A laboratory for actors: virtual time, one message at a time, and a seed instead of luck.
#pragma once

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <functional>
#include <random>

#include "actors/contract/message.hpp"

namespace berth::tests {

/// An actor system under CAF's testing scheduler. Nothing runs until the test says so; a seed is a schedule, so a
/// failure repeats. Kill all actors and run() before it is destroyed.
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
  std::size_t run() {
    std::size_t n = 0;
    for (;; ++n) {
      if (before_each) before_each();
      if (!scheduler.try_run_once()) return n;
    }
  }

  std::size_t runnable() const { return scheduler.jobs.size(); }
  /// One message of the k-th runnable actor.
  void step(std::size_t k) {
    auto& jobs = scheduler.jobs;
    const auto at = jobs.begin() + static_cast<std::ptrdiff_t>(k);
    std::rotate(jobs.begin(), at, at + 1);
    scheduler.try_run_once();
  }
  /// One message of one runnable actor, drawn by the seed. False if there is none.
  bool step() {
    if (runnable() == 0) return false;
    step(rng() % runnable());
    return true;
  }
  /// All messages that wait for one actor.
  template <class Handle>
  void run_pending(const Handle& of) {
    const auto* wanted = caf::actor_cast<caf::abstract_actor*>(of);
    for (std::size_t k = 0; k < runnable();)
      if (dynamic_cast<caf::abstract_actor*>(scheduler.jobs[k]) == wanted)
        step(k);
      else
        ++k;
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
  template <actors::question Message, class Handle>
  actors::answer_of<Message> ask(const Handle& to, Message message) {
    using Answer = actors::answer_of<Message>;
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
  std::function<void()> before_each{};  ///< message that run() lets through

 private:
  static caf::actor_system_config& configure(caf::actor_system_config& c) {
    c.set("scheduler.policy", caf::atom("testing"));
    return c;
  }
};

}  // namespace berth::tests
