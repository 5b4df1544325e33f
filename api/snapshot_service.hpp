// Pictures of streams, made where waiting is allowed.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "actors/stream_status.hpp"
#include "api/http_reply.hpp"
#include "net/result.hpp"

namespace berth::api {

/// Decodes the newest key frame of a stream. Owned by the daemon; any thread may call it; a few run at once at most, and
/// one more is refused.
class snapshot_service {
 public:
  static constexpr int max_at_once = 16;

  explicit snapshot_service(boost::asio::thread_pool& workers) : workers_(workers) {}

  /// A JPEG, or the reason why there is none.
  boost::asio::awaitable<net::result<std::vector<std::uint8_t>, std::string>> take(actors::stream_status stream);

 private:
  boost::asio::thread_pool& workers_;
  std::atomic<int> waiting_{0};
};

/// A picture is of now: nobody is to keep it.
http_reply jpeg_reply(const std::vector<std::uint8_t>& jpeg);

}  // namespace berth::api
