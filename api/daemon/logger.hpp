// Berth's log: one line an event, to standard error, never waiting for whoever reads it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "actors/contract/event.hpp"

namespace spdlog {
class logger;
}

namespace berth::api {

enum class log_level { debug, info, warning, error };

/// Lines go through a bounded queue; when nobody takes them, the oldest are dropped, not the daemon stopped.
/// Owned by the daemon; every member may be called from every thread. The queue is written out when it is destroyed.
class logger {
 public:
  /// `level`: a name of spdlog's, e.g. "info". `json`: one object a line instead of text.
  logger(const std::string& level, bool json);
  ~logger();
  logger(const logger&) = delete;
  logger& operator=(const logger&) = delete;

  void write(log_level level, std::string_view text);
  void info(std::string_view text) { write(log_level::info, text); }
  void warn(std::string_view text) { write(log_level::warning, text); }
  void error(std::string_view text) { write(log_level::error, text); }

  /// The line of a life-cycle or alarm event.
  void write(const actors::event& e);
  void set_level(const std::string& level);

 private:
  std::shared_ptr<spdlog::logger> out_;
  bool json_;
};

}  // namespace berth::api
