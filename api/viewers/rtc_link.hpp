// Between a WebRTC session, on its loop's thread, and the viewer that uses it.
#pragma once

#include <functional>
#include <mutex>
#include <utility>

namespace berth::api {

/// Keeps what has happened until somebody listens. Any thread.
class rtc_link {
 public:
  void established() { happen(established_, on_established_); }
  void ended() { happen(ended_, on_ended_); }
  /// Each is called once, at once if it has happened already; they only post.
  void listen(std::function<void()> on_established, std::function<void()> on_ended) {
    bool is_established = false, is_ended = false;
    {
      const std::lock_guard lock{mutex_};
      on_established_ = on_established;
      on_ended_ = on_ended;
      is_established = established_;
      is_ended = ended_;
    }
    if (is_established) on_established();
    if (is_ended) on_ended();
  }

 private:
  void happen(bool& what, const std::function<void()>& then) {
    std::function<void()> call;
    {
      const std::lock_guard lock{mutex_};
      if (std::exchange(what, true)) return;
      call = then;
    }
    if (call) call();
  }

  std::mutex mutex_;
  bool established_ = false, ended_ = false;
  std::function<void()> on_established_, on_ended_;
};

}  // namespace berth::api
