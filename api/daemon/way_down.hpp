// The end of the daemon as the process sees it: whether it is for good, and how long it may take.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "net/base/time.hpp"

namespace berth::api {

/// Says why, if somebody takes it, and ends the process with code 1, whatever its threads are at.
[[noreturn]] void end_now(const std::string& why) noexcept;

/// A thread that is stuck can be neither asked nor joined: the way down has a bound, behind which the process ends
/// without it.
/// Owned by run_daemon(), outlives the daemon. begin() is called once; the rest on any thread.
class way_down {
 public:
  way_down() = default;
  ~way_down();
  way_down(const way_down&) = delete;
  way_down& operator=(const way_down&) = delete;

  /// From now on everything has to be down within `most`, this object included.
  void begin(net::duration most);

  /// A restart becomes an end if somebody asks for one before it is over.
  void is_for_good() noexcept { for_good_ = true; }
  bool for_good() const noexcept { return for_good_; }

 private:
  std::atomic<bool> for_good_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread watch_;
};

}  // namespace berth::api
