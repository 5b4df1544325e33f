// The listener of the HTTP API, and the life of all its connections.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "api/http_session.hpp"
#include "net/result.hpp"

namespace boost::asio {
class io_context;
}

namespace berth::api {

/// Accepts connections on one port and runs a session, on a strand of its own, for each.
/// Owned by the composition root; the io_context may be run by several threads, and has to outlive it. All members may
/// be called from any thread. Destroy it after stop() has reported, or once nobody runs the io_context any more.
class http_server {
 public:
  http_server(boost::asio::io_context& io, http_service service);
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  /// Binds and accepts from now on; "::" takes IPv4 too, port 0 takes a free one. Gives the port, or says what failed.
  net::result<std::uint16_t, std::string> listen(std::string_view address, std::uint16_t port);
  /// 0 before listen().
  std::uint16_t local_port() const noexcept;
  /// Open now, those that have left HTTP included.
  std::size_t connections() const;

  /// No new connections; idle ones are closed, running requests get their replies. What is left after `patience` is
  /// cut. Then calls `done`, once, on a thread of the io_context. A second call only shortens nothing: it is ignored.
  void stop(std::chrono::milliseconds patience, std::function<void()> done);

 private:
  class core;
  std::shared_ptr<core> core_;
};

}  // namespace berth::api
