#include "api/daemon/logger.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/json.hpp>

#include "api/text/name.hpp"

namespace berth::api {
namespace {

constexpr std::size_t queue_lines = 8192;

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

std::string describe(const actors::stream_status& s) {
  std::string text =
      to_string(s.key) + ", port " + std::to_string(s.port()) + ", generation " + std::to_string(s.generation);
  if (s.peer.is_set()) text += ", from " + s.peer.to_string();
  return text;
}

std::string describe(const actors::sender_status& s) {
  return to_string(s.source) + " with SSRC " + s.request.ssrc_text + " from port " + std::to_string(s.local_port) +
         ", " + std::string{to_string(s.request.way)} + (s.remote.is_set() ? ", to " + s.remote.to_string() : "");
}

}  // namespace

logger::logger(const std::string& level, bool json) : json_(json) {
  spdlog::init_thread_pool(queue_lines, 1);
  const auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  out_ = std::make_shared<spdlog::async_logger>("berth", sink, spdlog::thread_pool(),
                                                spdlog::async_overflow_policy::overrun_oldest);
  out_->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","text":%v})"
                         : "%Y-%m-%d %H:%M:%S.%e %^%L%$ %v");
  out_->flush_on(spdlog::level::warn);
  set_level(level);
}

logger::~logger() {
  out_->flush();
  // Joins the thread that writes, while nothing that it holds is the last of its kind.
  spdlog::shutdown();
  out_.reset();
}

void logger::set_level(const std::string& level) { out_->set_level(spdlog::level::from_str(level)); }

// Whoever gave a name or a reason that stands in it does not write lines of the log.
void logger::write(log_level level, std::string_view said) {
  const auto text = on_one_line(said);
  if (json_)
    out_->log(level_of(level), boost::json::serialize(boost::json::value(text)));
  else
    out_->log(level_of(level), spdlog::string_view_t{text.data(), text.size()});
}

void logger::write(const actors::event& e) {
  using actors::event_kind;
  switch (e.kind) {
    case event_kind::stream_opened:
      info("opened " + describe(*e.stream));
      break;
    case event_kind::stream_active:
      info("receiving " + describe(*e.stream));
      break;
    case event_kind::stream_stalled:
      info("silent " + describe(*e.stream));
      break;
    case event_kind::stream_closed: {
      const auto& s = *e.stream;
      auto text = "closed " + describe(s) + ": " + std::string{to_string(s.reason)} + ", " +
                  std::to_string(s.counters.accepted) + " packets, " + std::to_string(s.counters.lost) + " lost";
      if (!s.last_reason.empty()) text += "; " + s.last_reason;
      write(s.reason == actors::close_reason::failed ? log_level::error : log_level::info, text);
      break;
    }
    case event_kind::alarm_raised:
      warn("alarm " + e.alarm->name + " raised: " + e.alarm->text);
      break;
    case event_kind::alarm_cleared:
      info("alarm " + e.alarm->name + " cleared: " + e.alarm->text);
      break;
    case event_kind::server_started:
      info("started");
      break;
    case event_kind::server_exited:
      info("all streams are closed");
      break;
    case event_kind::media_registered:
      info("can be watched: " + describe(*e.stream));
      break;
    case event_kind::media_unregistered:
      info("can not be watched any more: " + describe(*e.stream));
      break;
    case event_kind::viewer_left:
      info("viewer " + e.who->id + " of " + to_string(e.who->key) + " left: " + e.who->protocol + " from " +
           e.who->peer.to_string() + ", " + std::to_string(e.taken->bytes) + " bytes");
      break;
    case event_kind::recorded:
      if (e.file->error.empty())
        info("recorded " + e.file->path + ", " + std::to_string(e.file->bytes) + " bytes");
      else
        write(log_level::error,
              "recording of " + describe(*e.stream) + " to " + e.file->path + " ended: " + e.file->error);
      break;
    case event_kind::sender_started:
      info("sending " + describe(*e.sender));
      break;
    case event_kind::sender_stopped:
      info("sent " + describe(*e.sender) + ", " + std::to_string(e.sender->packets) + " packets: " +
           std::string{to_string(e.sender->end)} + (e.sender->end_text.empty() ? "" : ", " + e.sender->end_text));
      break;
  }
}

}  // namespace berth::api
