// A camera that sends by itself: real pictures as a program stream, at their own pace.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/support/encoded_media.hpp"
#include "tests/support/ps_sender.hpp"
#include "tests/support/rtp_sender.hpp"

namespace berth::tests {

/// The pictures that it sends again and again: 320x240, a key frame every 400 ms. Empty if nothing encodes H.264 here.
inline const std::vector<net::frame_ptr>& camera_pictures() {
  static const auto frames = encode_h264({.frames = 50, .gop = 10});
  return frames;
}

/// Sends 25 pictures in a second to 127.0.0.1:port, for as long as it lives, on a thread of its own.
class ps_camera {
 public:
  explicit ps_camera(std::uint16_t port) {
    thread_ = std::thread{[this, port] { run(port); }};
  }
  ~ps_camera() {
    stop_ = true;
    thread_.join();
  }
  ps_camera(const ps_camera&) = delete;
  ps_camera& operator=(const ps_camera&) = delete;

  std::size_t sent() const noexcept { return sent_; }

 private:
  void run(std::uint16_t port) {
    rtp_sender socket;
    ps_sender camera;
    camera.set_map(0x1b, 0);
    const auto& frames = camera_pictures();
    const auto length = static_cast<std::int64_t>(frames.size()) * 3600;
    auto due = std::chrono::steady_clock::now();
    for (std::size_t i = 0; !stop_; ++i) {
      const auto round = static_cast<std::int64_t>(i / frames.size());
      for (const auto& p : camera.packets_of(*frames[i % frames.size()], 900'000 + round * length))
        socket.send_raw(port, p);
      ++sent_;
      due += std::chrono::milliseconds{40};
      std::this_thread::sleep_until(due);
    }
  }

  std::atomic<bool> stop_{false};
  std::atomic<std::size_t> sent_{0};
  std::thread thread_;
};

}  // namespace berth::tests
