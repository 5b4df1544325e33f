#include "api/http/tcp_stream.hpp"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>
#include <vector>

namespace berth::api {

namespace asio = boost::asio;
using boost::system::error_code;

tcp_stream::tcp_stream(asio::ip::tcp::socket socket) : socket_(std::move(socket)), timer_(socket_.get_executor()) {
  error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
}

asio::awaitable<byte_stream::read_outcome> tcp_stream::read_some(std::span<char> into) {
  if (expired()) co_return read_outcome{asio::error::timed_out, 0};
  const auto [error, bytes] =
      co_await socket_.async_read_some(asio::buffer(into.data(), into.size()), asio::as_tuple(asio::use_awaitable));
  co_return read_outcome{explain(error), bytes};
}

asio::awaitable<error_code> tcp_stream::write(std::span<const std::string_view> parts) {
  if (expired()) co_return asio::error::timed_out;
  std::vector<asio::const_buffer> buffers;
  buffers.reserve(parts.size());
  for (const auto part : parts) buffers.emplace_back(part.data(), part.size());
  const auto [error, bytes] = co_await asio::async_write(socket_, buffers, asio::as_tuple(asio::use_awaitable));
  co_return explain(error);
}

error_code tcp_stream::explain(error_code error) const {
  return error == asio::error::operation_aborted && expired() ? asio::error::timed_out : error;
}

// The deadline moves with every read and write; the timer only when it would fire too late. Firing too early, it sleeps
// on.
void tcp_stream::expires_after(std::chrono::milliseconds time) {
  deadline_ = net::clock::now() + time;
  if (!armed_ || *deadline_ < *armed_) arm(*deadline_);
}

void tcp_stream::arm(net::time_point at) {
  armed_ = at;
  timer_.expires_at(at);
  timer_.async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (!self || error) return;
    self->armed_.reset();
    if (!self->deadline_) return;
    if (self->expired()) {
      error_code ignored;
      self->socket_.cancel(ignored);
    } else {
      self->arm(*self->deadline_);
    }
  });
}

void tcp_stream::shutdown_send() noexcept {
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void tcp_stream::close() noexcept {
  error_code ignored;
  timer_.cancel();
  socket_.close(ignored);
}

std::optional<net::unique_fd> tcp_stream::release() noexcept {
  error_code error;
  deadline_.reset();
  timer_.cancel();
  const auto descriptor = socket_.release(error);
  if (error) return std::nullopt;
  return net::unique_fd{descriptor};
}

// Past the socket object, which is its own thread's: the kernel's socket is anybody's.
std::string tcp_stream::unread() const {
  std::string text(256, '\0');
  const auto socket = const_cast<asio::ip::tcp::socket&>(socket_).native_handle();
  const auto got = ::recv(socket, text.data(), text.size(), MSG_PEEK | MSG_DONTWAIT);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

void tcp_stream::say_last(std::string_view words) noexcept {
  const auto socket = socket_.native_handle();
  ::send(socket, words.data(), words.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::shutdown(socket, SHUT_WR);
}

}  // namespace berth::api
