// One HTTP client connection to a hook receiver, plain or TLS. The only file of the hooks that knows Beast's streams.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <variant>

namespace berth::api {

/// Opened once, used for one exchange after another. Owned by the hook client and touched on its strand only; close()
/// makes the operation under way fail, except a DNS query, which ends by itself and finds the connection closed.
class hook_connection {
 public:
  using request = boost::beast::http::request<boost::beast::http::string_body>;

  struct answer {
    boost::system::error_code error;
    bool begun = false;  ///< at least one byte came back
    bool reusable = false;
    unsigned status = 0;
    std::string body;
  };

  hook_connection(const boost::asio::any_io_executor& executor, boost::asio::ssl::context& trust, bool tls);

  /// Resolves a name (numeric addresses need no query), connects, shakes hands.
  boost::asio::awaitable<boost::system::error_code> open(std::string host, std::string port);
  boost::asio::awaitable<answer> exchange(const request& r);
  void close() noexcept;

  /// What it does, in words, e.g. "connecting".
  std::string_view phase() const noexcept { return phase_; }

  /// Set by the pool while it waits for its next use.
  std::chrono::steady_clock::time_point idle_since;

 private:
  using plain_stream = boost::beast::tcp_stream;
  using tls_stream = boost::beast::ssl_stream<plain_stream>;
  using endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

  plain_stream& tcp();
  boost::asio::awaitable<boost::system::error_code> resolve(const std::string& host, const std::string& port,
                                                            endpoints& found);
  boost::asio::awaitable<boost::system::error_code> shake_hands(const std::string& host);
  template <class Stream>
  boost::asio::awaitable<answer> exchange_on(Stream& stream, const request& r);

  boost::asio::ip::tcp::resolver resolver_;
  std::variant<plain_stream, tls_stream> stream_;
  std::string_view phase_ = "waiting to begin";
  bool closed_ = false;
};

}  // namespace berth::api
