// The thread of all WebRTC connections: libnice runs on a main loop of GLib.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "net/base/time.hpp"

// The names are GLib's.
using GMainContext = struct _GMainContext;  // NOLINT(bugprone-reserved-identifier)
using GMainLoop = struct _GMainLoop;        // NOLINT(bugprone-reserved-identifier)

namespace berth::net {

/// Owned by the daemon, outlives its sessions. The members are for any thread, work is done on the loop's own, in the
/// order in which it was posted.
class rtc_loop {
 public:
  rtc_loop();
  /// Runs what was posted before, and ends.
  ~rtc_loop();
  rtc_loop(const rtc_loop&) = delete;
  rtc_loop& operator=(const rtc_loop&) = delete;

  void post(std::function<void()> work);
  /// Not taken back: the work has to look whether it is still wanted.
  void post_after(duration delay, std::function<void()> work);
  GMainContext* context() const noexcept { return context_; }

 private:
  void run_next();

  GMainContext* context_;
  GMainLoop* loop_;
  std::mutex mutex_;
  std::deque<std::function<void()>> posted_;
  std::thread thread_;
};

}  // namespace berth::net
