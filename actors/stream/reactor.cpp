#include "actors/stream/reactor.hpp"

#include <pthread.h>
#include <sched.h>

#include <cassert>
#include <string>

namespace berth::actors {
namespace {

constexpr net::duration idle_wait = std::chrono::seconds{1};
constexpr std::size_t messages_per_job = 100;

}  // namespace

reactor::reactor(caf::actor_system& system, reactor_options options)
    : caf::execution_unit(&system), options_(options), away_(&system), buffers_(options.joined), thread_([this] {
        run();
      }) {}

reactor::~reactor() { stop(); }

void reactor::exec_later(caf::resumable* job) {
  assert(dynamic_cast<net::io_handler*>(job) != nullptr && "hosted actors only");
  if (std::this_thread::get_id() == thread_.get_id()) {
    jobs_.push_back(job);
    return;
  }
  {
    const std::lock_guard lock{mutex_};
    foreign_jobs_.push_back(job);
  }
  wake_batch::wake(*this);
}

void reactor::wake() {
  if (!signalled_.exchange(true)) poller_.wake();
}

void reactor::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  poller_.wake();
  thread_.join();
}

void reactor::take_foreign_jobs() {
  // The flag falls before the list is taken: a job that comes in between signals again.
  if (!signalled_.exchange(false)) return;
  const std::lock_guard lock{mutex_};
  jobs_.insert(jobs_.end(), foreign_jobs_.begin(), foreign_jobs_.end());
  foreign_jobs_.clear();
}

void reactor::run_jobs() {
  running_.swap(jobs_);
  for (auto* job : running_) {
    switch (job->resume(&away_, messages_per_job)) {
      case caf::resumable::resume_later:
        jobs_.push_back(job);
        break;
      default:
        caf::intrusive_ptr_release(job);
        break;  // the reference that was taken when it was queued
    }
  }
  running_.clear();
}

void reactor::bind_to_processor() const {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(options_.processor), &set);
  // One that is not there is none of the reactor's: the configuration was checked.
  ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set);
}

void reactor::run() {
  ::pthread_setname_np(::pthread_self(), ("reactor " + std::to_string(options_.number)).c_str());
  if (options_.processor >= 0) bind_to_processor();
  net::time_point turn_began = net::clock::now();
  for (;;) {
    const bool last_round = stopping_;
    const bool must_return = !jobs_.empty() || poller_.unfinished() || last_round;
    const int ready =
        poller_.wait(must_return ? net::duration::zero() : idle_wait, [&] { return turn_began = net::clock::now(); });
    take_foreign_jobs();
    run_jobs();
    watched_.store(poller_.descriptors(), std::memory_order_relaxed);
    const auto turn = (net::clock::now() - turn_began).count();
    if (turn > longest_turn_.load(std::memory_order_relaxed)) longest_turn_.store(turn, std::memory_order_relaxed);
    if (last_round && jobs_.empty()) break;
    if (ready > 0 && options_.pace > net::duration::zero() && jobs_.empty() && !poller_.unfinished())
      poller_.rest(options_.pace);
  }
  // A hosted actor that was spawned here made CAF remember this thread; it must not keep the actor system alive.
  caf::logger::set_current_actor_system(nullptr);
}

}  // namespace berth::actors
