// Streams that come and go: opened, fed a little, closed, or left alone until the server takes them back.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/latency_histogram.hpp"
#include "bench/process_meter.hpp"
#include "bench/service.hpp"

namespace berth::bench {

struct churn_options {
  double opens_per_second = 200;
  double left_alone = 0.2;  ///< share of streams that are not closed
  int timeout_sec = 1;      ///< after which the server has to take those back
  std::size_t packets = 5;  ///< that each stream gets
  int processor = -1;
};

struct churn_result {
  std::uint64_t opened = 0, closed = 0, taken_back = 0;
  std::uint64_t failed_opens = 0, failed_closes = 0, wrong_answers = 0;
  std::uint64_t never_taken_back = 0;  ///< still there five seconds after their deadline
  latency_histogram open_latency;
  latency_histogram reclaim;  ///< from a stream's deadline to the first answer that does not show it
  std::vector<std::pair<double, double>> memory;  ///< (seconds, anonymous bytes), while it ran
  process_usage before, after;                    ///< the latter when all streams are gone

  /// Growth of memory in the second half, bytes an opened stream (least squares); what fills up once does not count.
  double bytes_per_stream() const;
};

/// Two threads: one opens, feeds and closes, one watches what was left alone. Runs for a given time.
/// Owned by a subcommand, used by its thread; stop() is called once and waits for both.
class churn_load {
 public:
  churn_load(const service_address& to, const churn_options& options);
  churn_load(const churn_load&) = delete;
  churn_load& operator=(const churn_load&) = delete;
  ~churn_load();

  void start();
  churn_result stop();

 private:
  struct left_stream {
    std::string id;
    std::chrono::steady_clock::time_point deadline;
  };

  void drive();
  void watch();

  service_address to_;
  churn_options options_;
  std::atomic<bool> ending_{false};
  std::atomic<bool> driven_{false};
  std::mutex mutex_;
  std::deque<left_stream> left_;  // guarded by mutex_
  churn_result result_;           // counts of drive(), and of watch(): each has its own members
  std::thread driver_, watcher_;
};

}  // namespace berth::bench
