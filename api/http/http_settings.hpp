// What the HTTP side has to know of the configuration, and how a running server gets to see a new one.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "api/config/ip_ranges.hpp"

namespace berth::api {

/// Options of the HTTP server. An aggregate: made by whoever reads the configuration, then never changed.
struct http_settings {
  std::size_t max_body = 40960;         ///< bytes; a larger body gets an error reply
  std::size_t max_header = 64 * 1024;   ///< bytes of request line and header fields
  std::size_t max_connections = 10000;  ///< viewers among them; one more gets 503 and is closed
  std::chrono::milliseconds keep_alive{
      std::chrono::seconds{30}};  ///< longest wait for a request, and for the rest of one
  std::chrono::milliseconds write_timeout{
      std::chrono::seconds{30}};  ///< a client that takes nothing for so long is gone
  bool allow_cross_domains = true;
  std::string char_set = "utf-8";
  std::string not_found =
      "<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1>"
      "<p>This is Berth. Its calls are listed at /index/api/getApiList and described at /v1/openapi.json; a stream is "
      "watched at /APP/STREAM.live.flv, .live.mp4, .live.ts or /APP/STREAM/hls.m3u8.</p></body></html>\n";
  std::string server_name = "Berth";
  std::string secret;               ///< empty: nobody is let in
  ip_ranges allowed;                ///< empty: everybody
  std::string forwarded_ip_header;  ///< empty: the TCP peer is the client
  bool debug_log = false;           ///< one line a call
};

/// The settings in force. Owned by the composition root, outlives the server; any thread may read and replace.
/// A request keeps the settings it began with.
class http_settings_holder {
 public:
  http_settings_holder() : current_(std::make_shared<const http_settings>()) {}
  explicit http_settings_holder(http_settings first)
      : current_(std::make_shared<const http_settings>(std::move(first))) {}

  std::shared_ptr<const http_settings> get() const {
    const std::lock_guard lock{mutex_};
    return current_;
  }
  void set(http_settings next) {
    auto fresh = std::make_shared<const http_settings>(std::move(next));
    const std::lock_guard lock{mutex_};
    current_.swap(fresh);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const http_settings> current_;
};

}  // namespace berth::api
