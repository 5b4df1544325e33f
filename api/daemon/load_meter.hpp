// How busy the threads are, for getThreadsLoad and getWorkThreadsLoad.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "net/base/time.hpp"

namespace berth::api {

/// Share of processor time that each thread has used between the last two samples.
/// Owned by the daemon; sample() is called by its one timer, to_json() by any thread.
class load_meter {
 public:
  struct source {
    std::string name;
    std::function<net::duration()> cpu_time;      ///< used so far
    std::function<net::duration()> longest_turn;  ///< since the last call; may be empty
    std::function<int()> descriptors;             ///< watched now; may be empty
  };

  explicit load_meter(std::vector<source> sources) : sources_(std::move(sources)), readings_(sources_.size()) {}

  void sample(net::time_point now);
  /// [{"name", "load": percent, "delay": ms, "fd_count"}]
  boost::json::array to_json() const;

 private:
  struct reading {
    net::time_point at;
    net::duration cpu{};
    int load = 0;
    int delay_ms = 0;
  };

  std::vector<source> sources_;
  mutable std::mutex mutex_;
  std::vector<reading> readings_;
};

}  // namespace berth::api
