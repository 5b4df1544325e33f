#include "api/daemon/logger.hpp"

#include <poll.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/json.hpp>
#include <cerrno>
#include <utility>

#include "api/text/name.hpp"

namespace berth::api {
namespace {

/// How long a line waits for others that are written with it: long beside the time between two opens under load, short
/// for whoever watches.
constexpr std::chrono::milliseconds gathering{10};

spdlog::level::level_enum level_of(log_level level) {
  switch (level) {
    case log_level::debug:
      return spdlog::level::debug;
    case log_level::info:
      return spdlog::level::info;
    case log_level::warning:
      return spdlog::level::warn;
    case log_level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

struct words {
  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(const std::function<std::string()>& find) const { return find(); }
  std::string operator()(const actors::event_ptr& e) const { return line_of(*e); }
};

/// Lines that go out together, by one system call. Touched by the thread that writes.
class batch_sink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit batch_sink(int to) : to_(to) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& line) override { formatter_->format(line, lines_); }
  void flush_() override {
    const char* from = lines_.data();
    for (std::size_t left = lines_.size(); left > 0;) {
      const auto written = ::write(to_, from, left);
      if (written > 0) {
        from += written;
        left -= static_cast<std::size_t>(written);
      } else if (errno == EAGAIN) {
        pollfd wanted{to_, POLLOUT, 0};
        ::poll(&wanted, 1, -1);
      } else if (errno != EINTR) {
        break;  // nobody will ever read it
      }
    }
    lines_.clear();
  }

 private:
  const int to_;
  spdlog::memory_buf_t lines_;
};

spdlog::sink_ptr sink_for(int to) {
  if (to == STDERR_FILENO && ::isatty(to) != 0) return std::make_shared<spdlog::sinks::stderr_color_sink_st>();
  return std::make_shared<batch_sink>(to);
}

}  // namespace

logger::logger(const std::string& level, bool json, int to)
    : json_(json), out_(std::make_unique<spdlog::logger>("berth", sink_for(to))) {
  out_->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","text":%v})"
                         : "%Y-%m-%d %H:%M:%S.%e %^%L%$ %v");
  out_->set_level(spdlog::level::trace);  // what is queued has passed the level
  set_level(level);
  writer_ = std::thread{[this] { write_all(); }};
}

logger::~logger() {
  {
    const std::lock_guard lock{mutex_};
    ending_ = true;
  }
  changed_.notify_one();
  writer_.join();
}

void logger::set_level(const std::string& level) { least_ = spdlog::level::from_str(level); }

bool logger::takes(log_level level) const noexcept { return level_of(level) >= least_; }

void logger::write(log_level level, std::string_view text) {
  if (takes(level)) keep({level, std::chrono::system_clock::now(), std::string{text}});
}

void logger::write(log_level level, std::function<std::string()> words) {
  if (takes(level)) keep({level, std::chrono::system_clock::now(), std::move(words)});
}

void logger::write(const actors::event_ptr& e) {
  if (const auto level = level_of(*e); takes(level)) keep({level, std::chrono::system_clock::now(), e});
}

void logger::keep(entry e) {
  const bool urgent = e.level >= log_level::warning;
  bool wake = urgent;
  {
    const std::lock_guard lock{mutex_};
    wake = wake || queue_.empty();
    urgent_ = urgent_ || urgent;
    if (queue_.size() == most_queued) {
      queue_.pop_front();
      ++dropped_;
    }
    queue_.push_back(std::move(e));
  }
  if (wake) changed_.notify_one();
}

void logger::write_all() {
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [this] { return !queue_.empty() || ending_; });
    if (queue_.empty()) return;
    changed_.wait_for(lock, gathering, [this] { return urgent_ || ending_; });
    const auto lines = std::exchange(queue_, {});
    const auto dropped = std::exchange(dropped_, 0);
    urgent_ = false;
    lock.unlock();
    if (dropped > 0)
      put(log_level::warning, lines.front().at,
          std::to_string(dropped) + " lines were dropped here, since nobody took them in time");
    for (const auto& line : lines) put(line.level, line.at, std::visit(words{}, line.what));
    out_->flush();
    lock.lock();
  }
}

// Whoever gave a name or a reason that stands in it does not write lines of the log.
void logger::put(log_level level, time at, std::string_view said) {
  auto text = on_one_line(said);
  if (json_) text = boost::json::serialize(boost::json::value(text));
  out_->log(at, spdlog::source_loc{}, level_of(level), spdlog::string_view_t{text.data(), text.size()});
}

}  // namespace berth::api
