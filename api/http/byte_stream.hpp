// The connection below an HTTP session: what the session needs of a socket and no more, so that TLS, or a test, can be
// one.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/base/unique_fd.hpp"

namespace berth::api {

/// A connected byte stream. Used on one thread only, but for the last two; one read and one write may be under way at
/// a time.
class byte_stream {
 public:
  struct read_outcome {
    boost::system::error_code error;
    std::size_t bytes = 0;
  };

  virtual ~byte_stream() = default;

  /// At least one byte, or an error (end of file included).
  virtual boost::asio::awaitable<read_outcome> read_some(std::span<char> into) = 0;
  /// All parts, in order.
  virtual boost::asio::awaitable<boost::system::error_code> write(std::span<const std::string_view> parts) = 0;
  /// Operations that are still waiting then, or begin later, fail. Replaces the deadline before.
  virtual void expires_after(std::chrono::milliseconds time) = 0;
  virtual void expires_never() = 0;
  /// Tells the client that nothing more comes; reading goes on.
  virtual void shutdown_send() noexcept = 0;
  /// Ends pending operations.
  virtual void close() noexcept = 0;
  /// Gives the socket away, if there is one that can go on without this object; then nothing but close() may be called
  /// any more. No operation may be under way.
  virtual std::optional<net::unique_fd> release() noexcept { return std::nullopt; }

  /// For when that thread is stuck, from any other, and never while close() or release() may run.
  /// The beginning of what the client has sent and nobody has read, which stays unread.
  virtual std::string unread() const { return {}; }
  /// Sends as much as there is room for, and that nothing follows.
  virtual void say_last(std::string_view) noexcept {}
};

}  // namespace berth::api
