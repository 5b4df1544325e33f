// Berth's log: one line an event, to standard error, never waiting for whoever reads it.
#pragma once

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <variant>

#include "api/daemon/log_line.hpp"

namespace spdlog {
class logger;
}

namespace berth::api {

/// Keeps what is to be logged, as it is, for a thread of its own that finds the words and writes many lines at once: who
/// logs pays for neither. A line stands in the log some milliseconds after its time, one that warns at once.
/// The queue is bounded: when nobody takes the lines, the oldest are dropped and counted, and the daemon goes on.
/// Owned by the daemon; every member may be called from every thread. What is queued is written before it dies.
class logger {
 public:
  static constexpr std::size_t most_queued = 8192;

  /// `level`: debug, info, warn, error or off. `json`: one object a line instead of text. `to` stays open meanwhile.
  logger(const std::string& level, bool json, int to = STDERR_FILENO);
  ~logger();
  logger(const logger&) = delete;
  logger& operator=(const logger&) = delete;

  void write(log_level level, std::string_view text);
  void info(std::string_view text) { write(log_level::info, text); }
  void warn(std::string_view text) { write(log_level::warning, text); }
  void error(std::string_view text) { write(log_level::error, text); }

  /// True if a line of that level would be kept: for those who would have to gather what it needs.
  bool takes(log_level level) const noexcept;
  /// `words` is called by the thread that writes.
  void write(log_level level, std::function<std::string()> words);
  /// The line of a life-cycle or alarm event.
  void write(const actors::event_ptr& e);
  void set_level(const std::string& level);

 private:
  using time = std::chrono::system_clock::time_point;
  struct entry {
    log_level level;
    time at;
    std::variant<std::string, std::function<std::string()>, actors::event_ptr> what;
  };

  void keep(entry e);
  void write_all();
  void put(log_level level, time at, std::string_view said);

  // given
  const bool json_;
  // owned
  std::unique_ptr<spdlog::logger> out_;
  std::atomic<int> least_;  // the level from which on anything is kept
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<entry> queue_;
  std::size_t dropped_ = 0;
  bool urgent_ = false;
  bool ending_ = false;
  std::thread writer_;
};

}  // namespace berth::api
