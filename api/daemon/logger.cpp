#include "api/daemon/logger.hpp"

#include <poll.h>
#include <pthread.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <climits>
#include <csignal>
#include <exception>
#include <limits>
#include <utility>
#include <vector>

#include "api/text/name.hpp"

namespace berth::api {
namespace {

/// How long a line waits for others that are written with it: long beside the time between two opens under load, short
/// for whoever watches.
constexpr std::chrono::milliseconds gathering{10};
/// How long a reader that takes nothing holds up the end of the daemon.
constexpr std::chrono::seconds longest_end{2};

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

bool is_over(const std::atomic<std::int64_t>& end) noexcept {
  return std::chrono::steady_clock::now().time_since_epoch().count() >= end;
}

// Whoever gave a name or a reason that stands in it does not write lines of the log.
struct words {
  std::string operator()(const std::string& text) const { return on_one_line(text); }
  std::string operator()(const std::function<std::string()>& find) const { return find(); }
  std::string operator()(const actors::event_ptr& e) const { return on_one_line(line_of(*e)); }
};

/// Lines that go out together, by few system calls. Touched by the thread that writes.
class batch_sink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  batch_sink(int to, const std::atomic<std::int64_t>& give_up_at)
      : to_(to), is_terminal_(::isatty(to) != 0), give_up_at_(give_up_at) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& line) override {
    spdlog::memory_buf_t text;
    formatter_->format(line, text);
    const std::string_view whole{text.data(), text.size()};
    const bool colored = is_terminal_ && line.level >= spdlog::level::warn && line.color_range_end > 0;
    const auto from = colored ? line.color_range_start : 0;
    const auto to = colored ? line.color_range_end : 0;
    add(whole.substr(0, from));
    if (colored) add(line.level == spdlog::level::warn ? yellow : red);
    add(whole.substr(from, to - from));
    if (colored) add(plain);
    add(whole.substr(to));
    if (lines_.size() >= most_gathered) flush_();
  }
  // A reader that takes little or nothing is waited for, but not for ever at the end; one that is gone is not.
  void flush_() override {
    std::string_view left{lines_.data(), lines_.size()};
    while (!left.empty() && !is_over(give_up_at_)) {
      pollfd wanted{to_, POLLOUT, 0};
      if (::poll(&wanted, 1, poll_interval_ms) <= 0) continue;
      const auto written = ::write(to_, left.data(), std::min(left.size(), is_terminal_ ? terminal_room : pipe_room));
      if (written >= 0)
        left.remove_prefix(static_cast<std::size_t>(written));
      else if (errno != EINTR && errno != EAGAIN)
        break;
    }
    lines_.clear();
  }

 private:
  static constexpr std::size_t most_gathered = 256 * 1024;
  static constexpr int poll_interval_ms = 100;
  // What is taken without blocking by whatever says that it takes something.
  static constexpr std::size_t pipe_room = PIPE_BUF, terminal_room = 256;
  static constexpr std::string_view yellow = "\033[33m", red = "\033[31m", plain = "\033[m";

  void add(std::string_view text) { lines_.append(text.data(), text.data() + text.size()); }

  const int to_;
  const bool is_terminal_;
  const std::atomic<std::int64_t>& give_up_at_;
  spdlog::memory_buf_t lines_;
};

}  // namespace

logger::logger(const std::string& level, bool json, int to)
    : json_(json),
      out_(std::make_unique<spdlog::logger>("berth", std::make_shared<batch_sink>(to, give_up_at_))),
      give_up_at_(std::numeric_limits<std::int64_t>::max()) {
  out_->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","text":%v})"
                         : "%Y-%m-%d %H:%M:%S.%e %^%L%$ %v");
  out_->set_level(spdlog::level::trace);  // what is queued has passed the level
  set_level(level);
  writer_ = std::thread{[this] { write_all(); }};
}

logger::~logger() {
  give_up_at_ = (std::chrono::steady_clock::now() + longest_end).time_since_epoch().count();
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
  if (takes(level)) keep({level, std::chrono::system_clock::now(), std::string{text}, text.size()});
}

void logger::write(log_level level, std::function<std::string()> words, std::size_t size) {
  if (takes(level)) keep({level, std::chrono::system_clock::now(), std::move(words), size});
}

void logger::write(const actors::event_ptr& e) {
  if (const auto level = level_of(*e); takes(level))
    keep({level, std::chrono::system_clock::now(), e, sizeof(actors::event) + sizeof(actors::stream_status)});
}

bool logger::flush(std::chrono::milliseconds most) {
  std::unique_lock lock{mutex_};
  urgent_ = true;
  changed_.notify_one();
  return written_.wait_for(lock, most, [this] { return queue_.lines.empty() && !writing_; });
}

void logger::keep(entry e) {
  const bool urgent = e.level >= log_level::warning;
  bool wake = urgent;
  std::vector<entry> gone;  // behind the lock
  {
    const std::lock_guard lock{mutex_};
    auto& q = queue_;
    wake = wake || q.lines.empty();
    urgent_ = urgent_ || urgent;
    q.bytes += e.size;
    q.lines.push_back(std::move(e));
    while (q.lines.size() > 1 && (q.lines.size() > most_queued || q.bytes > most_bytes)) {
      q.bytes -= q.lines.front().size;
      gone.push_back(std::move(q.lines.front()));
      q.lines.pop_front();
      ++q.dropped;
    }
  }
  if (wake) changed_.notify_one();
}

void logger::write_all() {
  // Of a reader that is gone, an error tells.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);

  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [this] { return !queue_.lines.empty() || ending_; });
    if (queue_.lines.empty()) return;
    changed_.wait_for(lock, gathering, [this] { return urgent_ || ending_; });
    auto gathered = std::exchange(queue_, {});
    urgent_ = false;
    writing_ = true;
    lock.unlock();
    write_out(gathered);
    gathered = {};
    lock.lock();
    writing_ = false;
    written_.notify_all();
  }
}

void logger::write_out(const batch& gathered) {
  const auto put_words = [this](log_level level, time at, const auto& find) {
    try {
      put(level, at, find());
    } catch (const std::exception& e) {
      put(log_level::error, at, on_one_line(std::string{"a line could not be written: "} + e.what()));
    }
  };
  if (gathered.dropped > 0)
    put_words(log_level::warning, gathered.lines.front().at, [&] {
      return std::to_string(gathered.dropped) + " lines were dropped here, since nobody took them in time";
    });
  for (const auto& line : gathered.lines) {
    if (is_over(give_up_at_)) break;
    put_words(line.level, line.at, [&] { return std::visit(words{}, line.what); });
  }
  out_->flush();
}

void logger::put(log_level level, time at, std::string_view line) {
  std::string quoted;
  if (json_) line = quoted = boost::json::serialize(boost::json::value(line));
  out_->log(at, spdlog::source_loc{}, level_of(level), spdlog::string_view_t{line.data(), line.size()});
}

}  // namespace berth::api
