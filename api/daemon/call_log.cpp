#include "api/daemon/call_log.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/http/access_log.hpp"

namespace berth::api {
namespace {

constexpr net::duration report_every = std::chrono::seconds{10};

bool is_told(std::string_view path) noexcept {
  return path.starts_with("/index/api/") || (path.starts_with("/v1/") && !path.starts_with("/v1/health/"));
}

}  // namespace

void call_log::note(http_request&& request, const http_reply& reply, std::chrono::microseconds took,
                    net::time_point now) {
  const auto level = is_told(request.path) ? log_level::info : log_level::debug;
  if (!log_.takes(level)) return;
  if (level == log_level::info && !reply.admitted && !may_tell(now)) return;
  const auto call = std::make_shared<const answered_call>(std::move(request), reply, took);
  log_.write(
      level, [call] { return access_line(*call); }, call->size());
}

bool call_log::may_tell(net::time_point now) {
  const std::lock_guard lock{mutex_};
  const auto grown = (now - last_) / strangers_every;
  if (grown > 0) {
    strangers_left_ =
        static_cast<std::uint32_t>(std::min<net::duration::rep>(strangers_at_once, strangers_left_ + grown));
    last_ += grown * strangers_every;
  }
  if (strangers_left_ > 0) {
    --strangers_left_;
    return true;
  }
  ++untold_;
  return false;
}

void call_log::report(net::time_point now) {
  std::uint64_t untold = 0;
  {
    const std::lock_guard lock{mutex_};
    if (untold_ == 0 || now - reported_ < report_every) return;
    reported_ = now;
    untold = std::exchange(untold_, 0);
  }
  log_.info(std::to_string(untold) + " more calls of strangers have no lines of their own");
}

}  // namespace berth::api
