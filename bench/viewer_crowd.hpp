// Many viewers of FLV over WebSocket or HTTP, who read all they get and look at nothing but its times.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/latency_histogram.hpp"
#include "net/base/endpoint.hpp"

namespace berth::bench {

struct crowd_options {
  net::endpoint server;
  std::vector<std::string> targets;  ///< one a viewer, e.g. "/rtp/camera0.live.flv"
  bool websocket = true;
  int processor = -1;      ///< that the reading thread is bound to; -1 = none
  bool any_bytes = false;  ///< what comes is no media: a viewer watches from its first byte on
};

/// One thread with one epoll loop. Begins with connect(), ends with its owner.
class viewer_crowd {
 public:
  explicit viewer_crowd(crowd_options options);
  ~viewer_crowd();
  viewer_crowd(const viewer_crowd&) = delete;
  viewer_crowd& operator=(const viewer_crowd&) = delete;

  /// True when every viewer has had its first picture; false after `patience`.
  bool all_watch(std::chrono::milliseconds patience) const;

  struct totals {
    std::uint64_t pictures = 0, bytes = 0;
    std::size_t ended = 0;            ///< viewers whose connection is over
    latency_histogram first_picture;  ///< from the request to the first picture, complete
    latency_histogram latency;        ///< from the camera's send to the picture, complete at the viewer
  };
  /// What was seen since the last call.
  totals take();

 private:
  struct viewer;
  void run();
  void read(viewer& v);

  crowd_options options_;
  std::vector<std::unique_ptr<viewer>> viewers_;
  std::atomic<std::size_t> watching_{0};
  std::atomic<bool> stop_{false};
  struct shared;
  std::unique_ptr<shared> shared_;
  std::thread thread_;
};

}  // namespace berth::bench
