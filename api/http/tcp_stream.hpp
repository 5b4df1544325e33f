// The byte stream of a plain TCP connection.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>

#include "api/http/byte_stream.hpp"
#include "net/base/time.hpp"

namespace berth::api {

/// A socket with a deadline. Owned by its session and used on the thread of the socket's executor; the timer's
/// pending wait does not keep it alive.
class tcp_stream : public byte_stream, public std::enable_shared_from_this<tcp_stream> {
 public:
  explicit tcp_stream(boost::asio::ip::tcp::socket socket);

  boost::asio::awaitable<read_outcome> read_some(std::span<char> into) override;
  boost::asio::awaitable<boost::system::error_code> write(std::span<const std::string_view> parts) override;
  void expires_after(std::chrono::milliseconds time) override;
  void expires_never() override { deadline_.reset(); }
  void shutdown_send() noexcept override;
  void close() noexcept override;
  std::optional<net::unique_fd> release() noexcept override;
  std::string unread() const override;
  void say_last(std::string_view words) noexcept override;

 private:
  void arm(net::time_point at);
  bool expired() const { return deadline_ && net::clock::now() >= *deadline_; }
  boost::system::error_code explain(boost::system::error_code error) const;

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::optional<net::time_point> deadline_;
  std::optional<net::time_point> armed_;  // when the pending wait of timer_ ends
};

}  // namespace berth::api
