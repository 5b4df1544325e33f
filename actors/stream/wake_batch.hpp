// Who has to be woken for what a turn has queued is woken once, when the turn's answers are out.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

namespace berth::actors {

/// A thread that may be asleep. wake() is called on other threads.
class sleeper {
 public:
  virtual void wake() = 0;

 protected:
  ~sleeper() = default;
};

/// Waking a thread costs more than what it is woken for: several streams that are opened in one turn wake their reactor
/// once, and whoever waits for the answer does not wait for that.
/// Owned by the control unit, touched by the thread that has its work.
class wake_batch {
 public:
  /// Puts off the wakes that its own thread wants for as long as it stands, and nobody else's: what others have queued
  /// does not wait for the turn. On the stack of a turn; one at a time on a thread.
  class turn {
   public:
    explicit turn(wake_batch& batch) noexcept { current = &batch; }
    ~turn() { current = nullptr; }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
  };

  /// At once, if the calling thread has no turn.
  static void wake(sleeper& whom) {
    if (current == nullptr) return whom.wake();
    auto& all = current->put_off_;
    if (std::find(all.begin(), all.end(), &whom) == all.end()) all.push_back(&whom);
  }

  bool empty() const noexcept { return put_off_.empty(); }
  /// Wakes them all. What was put off has to be delivered before its sleeper goes.
  void deliver() {
    for (auto* s : put_off_) s->wake();
    put_off_.clear();
  }

 private:
  static inline thread_local wake_batch* current = nullptr;

  std::vector<sleeper*> put_off_;
};

}  // namespace berth::actors
