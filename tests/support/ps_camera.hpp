// A camera that sends by itself: real pictures as a program stream, at their own pace.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>

#include "tests/support/encoded_media.hpp"
#include "tests/support/ps_sender.hpp"
#include "tests/support/rtp_sender.hpp"

namespace berth::tests {

/// The pictures that it sends again and again: 320x240, a key frame every 400 ms.
inline const std::vector<net::frame_ptr>& camera_pictures() {
  static const auto frames = encode_h264({.frames = 50, .gop = 10});
  return frames;
}

/// The same with `extra` bytes of user data in each, for those to whom size matters.
inline std::vector<net::frame_ptr> heavy_pictures(std::size_t extra) {
  bytes sei{0x06, 0x05};  // user_data_unregistered
  for (auto left = extra; left >= 255; left -= 255) sei.push_back(0xff);
  sei.push_back(static_cast<std::uint8_t>(extra % 255));
  sei.resize(sei.size() + extra, 0xaa);
  sei.push_back(0x80);
  std::vector<net::frame_ptr> out;
  for (const auto& f : camera_pictures()) {
    auto heavy = std::make_shared<net::frame>(*f);
    bytes data(4);
    net::store_be32(data.data(), static_cast<std::uint32_t>(sei.size()));
    append(data, sei);
    append(data, f->data);
    heavy->data = std::move(data);
    out.push_back(std::move(heavy));
  }
  return out;
}

/// Sends 25 pictures in a second to 127.0.0.1:port, for as long as it lives, on a thread of its own.
class ps_camera {
 public:
  /// Takes each packet; by default they go over UDP.
  using send_function = std::function<void(const bytes&)>;

  explicit ps_camera(std::uint16_t port, std::vector<net::frame_ptr> pictures = camera_pictures())
      : ps_camera(over_udp(port), 0x1234, std::move(pictures)) {}
  ps_camera(send_function send, std::uint32_t ssrc, std::vector<net::frame_ptr> pictures = camera_pictures())
      : send_(std::move(send)), ssrc_(ssrc), pictures_(std::move(pictures)) {
    thread_ = std::thread{[this] { run(); }};
  }
  ~ps_camera() { stop(); }
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  ps_camera(const ps_camera&) = delete;
  ps_camera& operator=(const ps_camera&) = delete;

  std::size_t sent() const noexcept { return sent_; }

  static send_function over_udp(std::uint16_t port) {
    return [socket = std::make_shared<rtp_sender>(), port](const bytes& packet) { socket->send_raw(port, packet); };
  }

 private:
  void run() {
    ps_sender camera{ssrc_};
    camera.set_map(0x1b, 0);
    const auto& frames = pictures_;
    const auto length = static_cast<std::int64_t>(frames.size()) * 3600;
    auto due = std::chrono::steady_clock::now();
    for (std::size_t i = 0; !stop_; ++i) {
      const auto round = static_cast<std::int64_t>(i / frames.size());
      for (const auto& p : camera.packets_of(*frames[i % frames.size()], 900'000 + round * length)) send_(p);
      ++sent_;
      due += std::chrono::milliseconds{40};
      std::this_thread::sleep_until(due);
    }
  }

  const send_function send_;
  const std::uint32_t ssrc_;
  const std::vector<net::frame_ptr> pictures_;
  std::atomic<bool> stop_{false};
  std::atomic<std::size_t> sent_{0};
  std::thread thread_;
};

/// A device notices that it was cut off, and goes on as if not.
inline ps_camera::send_function sender_over(const std::shared_ptr<rtp_tcp_sender>& connection) {
  return [connection](const bytes& packet) {
    try {
      connection->send_packet(packet);
    } catch (const std::runtime_error&) {
    }
  };
}

/// The device after its INVITE, over UDP or over TCP.
inline std::unique_ptr<ps_camera> device_sends(std::uint16_t port, bool tcp, std::uint32_t ssrc = 0x1234) {
  if (!tcp) return std::make_unique<ps_camera>(ps_camera::over_udp(port), ssrc);
  const auto connection = std::make_shared<rtp_tcp_sender>(port, tcp_prefix::two_bytes, ssrc);
  return std::make_unique<ps_camera>(sender_over(connection), ssrc);
}

}  // namespace berth::tests
