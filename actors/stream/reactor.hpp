// One thread that receives for many streams and runs their actors' messages.
#pragma once

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "actors/stream/hosting.hpp"
#include "actors/stream/wake_batch.hpp"
#include "net/base/cpu_clock.hpp"

namespace berth::actors {

struct reactor_options {
  net::duration pace = std::chrono::milliseconds{1};  ///< rest between two turns while packets flow; zero = none
  bool joined = false;                                ///< the UDP sockets have UDP_GRO on
  int processor = -1;                                 ///< that the thread is bound to; -1 = any
  std::size_t number = 0;                             ///< among the reactors, for the name of the thread
};

/// What a hosted actor's message wakes, and CAF would run where it was sent from: goes to the control unit.
/// A part of a reactor; any thread may use it.
class away_from_reactor final : public caf::execution_unit {
 public:
  using caf::execution_unit::execution_unit;
  void exec_later(caf::resumable* job) override { system().scheduler().enqueue(job); }
};

/// Owns a poller, receive buffers and the thread that serves both packets and messages, bounded in turn so that neither
/// starves the other. It is the execution unit of the actors hosted on it, and of nobody else: cameras wait for no
/// supervisor and no log.
/// Owned by actor_threads, which knows when it may go. exec_later() and host() may be called from any thread.
class reactor final : public caf::execution_unit, private sleeper {
 public:
  reactor(caf::actor_system& system, reactor_options options);
  ~reactor() override;
  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;

  berth_host host() noexcept { return {&poller_, &buffers_, this, &away_, &load_}; }
  std::size_t load() const noexcept { return load_.load(std::memory_order_relaxed); }

  /// Takes a job of a hosted actor: they alone name this unit. CAF expects it to be called on the unit's own thread; here
  /// every sender calls it.
  void exec_later(caf::resumable* job) override;

  /// Runs the last jobs and joins the thread. All hosted actors must be down.
  void stop();

  /// CPU time the thread has used so far, for load figures.
  net::duration cpu_time() const noexcept { return cpu_clock_.used(); }
  /// The longest time between two looks at the sockets since the last call: how late a packet may have been read.
  net::duration longest_turn() noexcept { return net::duration{longest_turn_.exchange(0, std::memory_order_relaxed)}; }
  /// Descriptors watched now.
  int descriptors() const noexcept { return static_cast<int>(watched_.load(std::memory_order_relaxed)); }

 private:
  void wake() override;
  void run();
  void bind_to_processor() const;
  void take_foreign_jobs();
  void run_jobs();

  reactor_options options_;
  away_from_reactor away_;
  net::poller poller_;
  net::receive_buffers buffers_;
  std::atomic<std::size_t> load_{0};
  std::atomic<std::size_t> watched_{0};
  std::atomic<std::int64_t> longest_turn_{0};

  // jobs from other threads
  std::mutex mutex_;
  std::vector<caf::resumable*> foreign_jobs_;
  std::atomic<bool> signalled_{false};
  // jobs of the own thread
  std::vector<caf::resumable*> jobs_;
  std::vector<caf::resumable*> running_;

  std::atomic<bool> stopping_{false};
  std::thread thread_;
  net::cpu_clock cpu_clock_{thread_.native_handle()};
};

}  // namespace berth::actors
