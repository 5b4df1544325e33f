#include "actors/stream/control_unit.hpp"

#include <utility>

namespace berth::actors {
namespace {

/// A turn goes on with what follows from it for so long: then whatever else the thread serves has its turn.
constexpr net::duration turn = std::chrono::milliseconds{1};
/// Of one actor, before the others and the clock are looked at: a part of a long list takes a third of a turn.
constexpr std::size_t messages_at_once = 1;

}  // namespace

// ---- the clock ----------------------------------------------------------------------------------------------------

template <class Change>
void control_clock::change(Change make) {
  bool earlier = false;
  {
    const std::lock_guard lock{mutex_};
    const auto before = schedule_.empty() ? time_point::max() : schedule_.begin()->first;
    make();
    earlier = !schedule_.empty() && schedule_.begin()->first < before;
  }
  if (earlier) earlier_();
}

void control_clock::set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                                         std::uint64_t id) {
  change([&] { base::set_ordinary_timeout(t, self, type, id); });
}
void control_clock::set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type, std::uint64_t id) {
  change([&] { base::set_multi_timeout(t, self, type, id); });
}
void control_clock::set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) {
  change([&] { base::set_request_timeout(t, self, id); });
}
void control_clock::cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) {
  change([&] { base::cancel_ordinary_timeout(self, type); });
}
void control_clock::cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) {
  change([&] { base::cancel_request_timeout(self, id); });
}
void control_clock::cancel_timeouts(caf::abstract_actor* self) {
  change([&] { base::cancel_timeouts(self); });
}
void control_clock::schedule_message(time_point t, caf::strong_actor_ptr receiver, caf::mailbox_element_ptr content) {
  change([&] { base::schedule_message(t, std::move(receiver), std::move(content)); });
}
void control_clock::schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender,
                                     caf::message content) {
  change([&] { base::schedule_message(t, std::move(target), std::move(sender), std::move(content)); });
}

void control_clock::cancel_all() {
  // What is let go of may be an actor that cancels in its turn.
  schedule_map dropped;
  const std::lock_guard lock{mutex_};
  actor_lookup_.clear();
  schedule_.swap(dropped);
}

void control_clock::fire(time_point now) {
  for (;;) {
    unique_delayed_event_ptr due;
    {
      const std::lock_guard lock{mutex_};
      const auto first = schedule_.begin();
      if (first == schedule_.end() || first->first > now) return;
      due = std::move(first->second);
      if (due->backlink != actor_lookup_.end()) actor_lookup_.erase(due->backlink);
      schedule_.erase(first);
    }
    ship(*due);
  }
}

std::optional<control_clock::time_point> control_clock::next() const {
  const std::lock_guard lock{mutex_};
  if (schedule_.empty()) return std::nullopt;
  return schedule_.begin()->first;
}

// ---- the thread of its own ----------------------------------------------------------------------------------------

void control_unit::home::begin() {
  {
    const std::lock_guard lock{mutex_};
    ending_ = false;
    wanted_ = true;
  }
  thread_ = std::thread{[this] { serve(); }};
}

void control_unit::home::end() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock{mutex_};
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void control_unit::home::wake() {
  {
    const std::lock_guard lock{mutex_};
    wanted_ = true;
  }
  changed_.notify_one();
}

void control_unit::home::serve() {
  std::unique_lock lock{mutex_};
  while (!ending_) {
    const auto ready = [this] { return wanted_ || ending_; };
    if (due_ == net::time_point::max())
      changed_.wait(lock, ready);
    else
      changed_.wait_until(lock, due_, ready);
    if (ending_) break;
    wanted_ = false;
    lock.unlock();
    due_ = net::time_point::max();
    owner_.run();
    if (std::exchange(behind_, false)) owner_.follow_up();
    lock.lock();
  }
}

// ---- the unit -----------------------------------------------------------------------------------------------------

control_unit::control_unit(caf::actor_system& system) : caf::scheduler::abstract_coordinator(system) {}

control_unit::~control_unit() { home_.end(); }

void control_unit::start() {
  home_.begin();
  caf::scheduler::abstract_coordinator::start();
}

void control_unit::stop() {
  stop_actors();
  home_.end();
  take_foreign_jobs();
  for (auto* job : std::exchange(jobs_, {})) cleanup_and_release(job);
  clock_.cancel_all();
}

void control_unit::move_to(control_loop& loop) {
  home_.end();
  runner_.store({}, std::memory_order_relaxed);
  const std::lock_guard lock{mutex_};
  loop_ = &loop;
  loop_->wake();
}

void control_unit::move_home() {
  {
    const std::lock_guard lock{mutex_};
    if (loop_ == &home_) return;
    loop_ = &home_;
  }
  runner_.store({}, std::memory_order_relaxed);
  in_turn_ = turn_wanted_ = false;
  follow_up();
  home_.begin();
}

void control_unit::wake() {
  // The turn looks at the clock when it ends.
  if (on_own_thread() && in_turn_) return;
  const std::lock_guard lock{mutex_};
  loop_->wake();
}

void control_unit::enqueue(caf::resumable* job) {
  if (on_own_thread()) {
    jobs_.push_back(job);
    if (!in_turn_ && !std::exchange(turn_wanted_, true)) wake();
    return;
  }
  const std::lock_guard lock{mutex_};
  foreign_jobs_.push_back(job);
  if (!std::exchange(signalled_, true)) loop_->wake();
}

// Whoever queues during a turn need not wake: the turn looks before it ends.
void control_unit::take_foreign_jobs() {
  const std::lock_guard lock{mutex_};
  signalled_ = true;
  jobs_.insert(jobs_.end(), foreign_jobs_.begin(), foreign_jobs_.end());
  foreign_jobs_.clear();
}

// True if there was something to do.
bool control_unit::run_jobs() {
  take_foreign_jobs();
  running_.swap(jobs_);
  for (auto* job : running_) {
    if (job->resume(&unit_, messages_at_once) == caf::resumable::resume_later)
      jobs_.push_back(job);
    else
      caf::intrusive_ptr_release(job);  // the reference that was taken when it was queued
  }
  const bool any = !running_.empty();
  running_.clear();
  return any;
}

void control_unit::run() {
  runner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  const wake_batch::turn wakes_nobody{reactors_};
  in_turn_ = true;
  turn_wanted_ = false;
  const auto begun = net::clock::now();
  clock_.fire(begun);
  auto now = begun;
  bool worked = false;
  while (run_jobs()) {
    worked = true;
    now = net::clock::now();
    if (now - begun >= turn) break;
  }
  in_turn_ = false;
  // What it has spawned must not tie the actor system to this thread.
  if (worked) caf::logger::set_current_actor_system(nullptr);
  if (const auto length = (now - begun).count(); length > longest_turn_.load(std::memory_order_relaxed))
    longest_turn_.store(length, std::memory_order_relaxed);
  const std::lock_guard lock{mutex_};
  if (const auto next = clock_.next()) loop_->wake_at(*next);
  turn_wanted_ = signalled_ = !jobs_.empty() || !foreign_jobs_.empty();
  if (!reactors_.empty() && !std::exchange(follow_up_wanted_, true)) loop_->run_behind();
  if (turn_wanted_) loop_->wake();
}

void control_unit::follow_up() {
  follow_up_wanted_ = false;
  reactors_.deliver();
}

}  // namespace berth::actors
