// The way of a streamed reply to its client.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>

#include "api/http/byte_stream.hpp"
#include "api/http/http_reply.hpp"

namespace berth::api {

/// Writes the chunks of a streamed reply. A second coroutine, watch(), reads meanwhile, since that is how a socket tells
/// that its client is gone; both run on the session's thread. Owned by the session, which ends it before the stream.
class stream_writer : public event_writer {
 public:
  /// `most_ignored`: bytes that the client may send meanwhile.
  stream_writer(byte_stream& stream, std::chrono::milliseconds write_timeout, bool chunked, std::size_t most_ignored,
                const boost::asio::any_io_executor& executor);

  boost::asio::awaitable<bool> write(std::span<const std::string_view> parts) override;
  bool is_open() const noexcept override { return open_; }
  void on_close(std::function<void()> f) override;

  /// No more chunks; the end of the body may still be sent.
  void end();
  /// Whether some byte did not reach the socket, so that the body can not be ended properly.
  bool failed() const noexcept { return failed_; }

  /// Reads until the client is gone or the stream is closed. To be run once.
  boost::asio::awaitable<void> watch();
  /// Waits for the end of watch().
  boost::asio::awaitable<void> watched();

 private:
  void fail();
  void notify();

  byte_stream& stream_;
  const std::chrono::milliseconds write_timeout_;
  const bool chunked_;
  const std::size_t most_ignored_;
  bool open_ = true;
  bool failed_ = false;
  bool watching_ = true;
  std::function<void()> on_close_;
  boost::asio::steady_timer watched_;
};

}  // namespace berth::api
