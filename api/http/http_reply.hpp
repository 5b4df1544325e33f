// What a route handler gives back: a complete reply, a function that writes the body as it comes, or one that takes the
// connection.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/http_request.hpp"
#include "api/http/taken_connection.hpp"

namespace berth::api {

/// The way of a streamed reply to its client. Lives as long as the reply's `stream` function runs, on the session's
/// thread (that of the coroutine's executor): call it from there only.
class event_writer {
 public:
  virtual ~event_writer() = default;

  /// Sends the parts as one chunk, in order. False when the client is gone, takes nothing any more, or the server
  /// stops: then the stream should end.
  virtual boost::asio::awaitable<bool> write(std::span<const std::string_view> parts) = 0;
  boost::asio::awaitable<bool> write(std::string_view data) { co_return co_await write(std::span{&data, 1}); }

  virtual bool is_open() const noexcept = 0;
  /// Calls `f` once, on the thread, as soon as the writer is no longer open (at once if that is so already): the place
  /// to wake a stream that waits for its next event. A second call replaces the first.
  virtual void on_close(std::function<void()> f) = 0;
};

/// A reply. Content-Length, Connection, Keep-Alive, Date, Server and the CORS headers are the session's affair.
struct http_reply {
  unsigned status = 200;
  /// Empty: no such header. "application/json" and "text/html" get the configured charset.
  std::string content_type;
  std::string body;
  name_values headers;
  /// If set, it writes the body (chunked) instead of `body`; the connection is closed afterwards.
  std::function<boost::asio::awaitable<void>(event_writer&)> stream;
  /// If set, nothing of this reply is sent: the function gets the connection and answers on it by itself. Called at most
  /// once; a connection that can not be given away is answered with 501 instead.
  std::function<void(taken_connection)> take;
  std::optional<int> code;  ///< ZLMediaKit's face `code`, for the access log
  bool close = false;       ///< close the connection after this reply
  /// The caller has shown that he may call: calls of all others cost a few lines of the log, however many they are.
  bool admitted = false;
};

/// A route's code. The request outlives the coroutine.
using handler = std::function<boost::asio::awaitable<http_reply>(const http_request&)>;

}  // namespace berth::api
