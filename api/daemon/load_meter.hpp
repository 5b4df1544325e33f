// How busy the threads are, for getThreadsLoad, getWorkThreadsLoad and /metrics.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "api/routes/metrics.hpp"
#include "net/base/time.hpp"

namespace berth::api {

/// Share of processor time that each thread has used between the last two samples.
/// Owned by the daemon; sample() is called by its one timer, to_json() and loads() by any thread.
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
  std::vector<thread_load> loads() const;

 private:
  struct reading {
    net::time_point at;
    net::duration cpu{};
    double busy = 0;
    net::duration longest_turn{};
  };

  std::vector<source> sources_;
  mutable std::mutex mutex_;
  std::vector<reading> readings_;
};

}  // namespace berth::api
