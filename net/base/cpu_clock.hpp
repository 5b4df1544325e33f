// How much a thread has worked.
#pragma once

#include <pthread.h>
#include <time.h>

#include "net/base/time.hpp"

namespace berth::net {

/// The processor time of one thread, read by others: it costs the thread itself nothing.
/// Made while the thread runs; may be read after it has ended, and then says 0.
class cpu_clock {
 public:
  explicit cpu_clock(pthread_t of) noexcept : known_(::pthread_getcpuclockid(of, &id_) == 0) {}

  duration used() const noexcept {
    timespec t{};
    if (!known_ || ::clock_gettime(id_, &t) != 0) return {};
    return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
  }

 private:
  clockid_t id_{};
  bool known_;
};

}  // namespace berth::net
