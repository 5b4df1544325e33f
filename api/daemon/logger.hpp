// Berth's log: one line an event, to standard error, never waiting for whoever reads it.
#pragma once

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
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
/// The queue is bounded, in lines and in bytes: when nobody takes the lines, the oldest are dropped and counted, and the
/// daemon goes on. Owned by the daemon; every member may be called from every thread. What is queued is written before it
/// dies, as far as somebody takes it within two seconds.
class logger {
 public:
  static constexpr std::size_t most_queued = 8192;
  static constexpr std::size_t most_bytes = 8 * 1024 * 1024;

  /// `level`: trace, debug, info, warn, error or off. `json`: one object a line instead of text. `to` stays open meanwhile.
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
  /// `words` is called by the thread that writes, and gives what is a line already; until then it holds about `size`
  /// bytes.
  void write(log_level level, std::function<std::string()> words, std::size_t size);
  /// The line of a life-cycle or alarm event.
  void write(const actors::event_ptr& e);
  void set_level(const std::string& level);

  /// Waits until all that was queued before is written, `most` at the longest: false if it is not.
  bool flush(std::chrono::milliseconds most);

 private:
  using time = std::chrono::system_clock::time_point;
  struct entry {
    log_level level;
    time at;
    std::variant<std::string, std::function<std::string()>, actors::event_ptr> what;
    std::size_t size = 0;
  };
  /// What has gathered for one go.
  struct batch {
    std::deque<entry> lines;
    std::size_t bytes = 0;
    std::size_t dropped = 0;
  };

  void keep(entry e);
  void write_all();
  void write_out(const batch& gathered);
  void put(log_level level, time at, std::string_view line);

  // given
  const bool json_;
  // owned
  std::unique_ptr<spdlog::logger> out_;
  std::atomic<int> least_;  // the level from which on anything is kept
  std::mutex mutex_;
  std::condition_variable changed_;  // for the writer
  std::condition_variable written_;  // for those who wait until it has written
  batch queue_;
  bool writing_ = false;
  bool urgent_ = false;
  bool ending_ = false;
  std::atomic<std::int64_t> give_up_at_;  // ticks of the steady clock, from when on a reader is not waited for
  std::thread writer_;
};

}  // namespace berth::api
