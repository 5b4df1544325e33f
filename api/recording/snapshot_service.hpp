// Pictures of streams, made where waiting is allowed.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "api/http/http_reply.hpp"
#include "net/base/result.hpp"
#include "net/media/fan_out.hpp"
#include "net/source/media_source.hpp"

namespace berth::api {

/// Decodes the newest key frame of a stream, or the first one of another server's. Owned by the daemon; any thread may
/// call it; a few run at once at most, and one more is refused. Its end cuts what is being fetched short.
class snapshot_service {
 public:
  static constexpr int max_at_once = 16;
  static constexpr int max_fetched_at_once = 4;

  snapshot_service(boost::asio::thread_pool& workers, net::url_policy admit)
      : workers_(workers), admit_(std::move(admit)) {}
  snapshot_service(const snapshot_service&) = delete;
  snapshot_service& operator=(const snapshot_service&) = delete;
  ~snapshot_service();

  /// A JPEG of the newest key frame, or the reason why there is none.
  boost::asio::awaitable<net::result<std::vector<std::uint8_t>, std::string>> take(net::fan_out_ptr frames);
  /// Likewise, of what a URL leads to.
  boost::asio::awaitable<net::result<std::vector<std::uint8_t>, std::string>> fetch(std::string url,
                                                                                    net::duration timeout);
  /// Nothing is fetched any more.
  void stop() noexcept { stopped_ = true; }

 private:
  boost::asio::thread_pool& workers_;
  net::url_policy admit_;
  std::atomic<int> waiting_{0};
  std::atomic<int> fetching_{0};
  std::atomic<bool> stopped_{false};
  boost::asio::thread_pool fetchers_{max_fetched_at_once};  // they wait for other servers
};

/// A picture is of now: nobody is to keep it.
http_reply jpeg_reply(const std::vector<std::uint8_t>& jpeg);

}  // namespace berth::api
