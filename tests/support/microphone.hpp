// A source of sound that sends by itself: G.711 A-law, 20 ms a packet, at its own pace.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "tests/support/packets.hpp"

namespace berth::tests {

/// Sends for as long as it lives, on a thread of its own; each packet's samples say which one it is.
class microphone {
 public:
  using send_function = std::function<void(const bytes&)>;

  explicit microphone(send_function send, std::uint32_t ssrc = 0x5678) : send_(std::move(send)), ssrc_(ssrc) {
    thread_ = std::thread{[this] { run(); }};
  }
  ~microphone() {
    stop_ = true;
    thread_.join();
  }
  microphone(const microphone&) = delete;
  microphone& operator=(const microphone&) = delete;

 private:
  void run() {
    auto due = std::chrono::steady_clock::now();
    for (std::uint16_t i = 0; !stop_; ++i) {
      send_(make_rtp({.sequence = i,
                      .timestamp = i * 160U,
                      .ssrc = ssrc_,
                      .payload_type = 8,
                      .marker = i == 0,
                      .payload = 160,
                      .fill = static_cast<std::uint8_t>(i)}));
      due += std::chrono::milliseconds{20};
      std::this_thread::sleep_until(due);
    }
  }

  const send_function send_;
  const std::uint32_t ssrc_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace berth::tests
