// Which calls stand in the log, and how often those of strangers do.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

#include "api/daemon/logger.hpp"
#include "api/http/http_reply.hpp"
#include "api/http/http_request.hpp"
#include "net/base/time.hpp"

namespace berth::api {

/// Every call of the API by somebody who was let in is a line. Health checks, scrapes, viewers and whatever else is
/// asked for are lines of the level debug. A stranger can call as often as he likes: of calls of the API that show no
/// right to call, some lines are written at once and one a second from then on, and the others are counted.
/// Owned by the daemon; any thread may use it.
class call_log {
 public:
  static constexpr std::uint32_t strangers_at_once = 30;
  static constexpr net::duration strangers_every = std::chrono::seconds{1};

  explicit call_log(logger& log) : log_(log) {}

  /// A call that is over.
  void note(http_request&& request, const http_reply& reply, std::chrono::microseconds took, net::time_point now);
  /// Says how many lines were not written since that was said last, every ten seconds at most. To be called now and then.
  void report(net::time_point now);

 private:
  bool may_tell(net::time_point now);

  logger& log_;
  std::mutex mutex_;
  std::uint32_t strangers_left_ = strangers_at_once;  // that may be told at once
  net::time_point last_;                              // when it grew
  std::uint64_t untold_ = 0;
  net::time_point reported_;
};

}  // namespace berth::api
