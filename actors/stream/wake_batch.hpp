// Who has to be woken for what a turn has queued is woken once, when the turn ends.
#pragma once

#include <algorithm>
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
/// once. Puts off the wakes that its own thread wants for as long as it stands, and nobody else's: what others have
/// queued does not wait for the turn.
/// Made by a turn of the control unit, on its stack; one at a time on a thread.
class wake_batch {
 public:
  wake_batch() noexcept { current = this; }
  ~wake_batch() {
    current = nullptr;
    for (auto* s : put_off_) s->wake();
  }
  wake_batch(const wake_batch&) = delete;
  wake_batch& operator=(const wake_batch&) = delete;

  /// At once, if the calling thread has no such turn.
  static void wake(sleeper& whom) {
    if (current == nullptr) return whom.wake();
    auto& all = current->put_off_;
    if (std::find(all.begin(), all.end(), &whom) == all.end()) all.push_back(&whom);
  }

 private:
  static inline thread_local wake_batch* current = nullptr;

  std::vector<sleeper*> put_off_;
};

}  // namespace berth::actors
