// Players for tests: one that reads a plain HTTP reply, one that speaks WebSocket.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/support/live_source.hpp"

namespace berth::tests {

/// Blocking; gives up after a while, so that a test fails instead of hanging.
class media_client {
 public:
  /// `receive_buffer`: bytes in the kernel, 0 = its own measure.
  explicit media_client(std::uint16_t port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  ~media_client() { ::close(fd_); }
  media_client(const media_client&) = delete;
  media_client& operator=(const media_client&) = delete;

  bool send(std::string_view text) {
    while (connected_ && !text.empty()) {
      const auto n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return connected_;
  }
  /// Asks and gives the head of the reply.
  std::string get(std::string_view target, std::string_view more_fields = {}) {
    send("GET " + std::string{target} + " HTTP/1.1\r\nHost: test\r\n" + std::string{more_fields} + "\r\n");
    while (buffer_.find("\r\n\r\n") == std::string::npos)
      if (!more()) return {};
    const auto end = buffer_.find("\r\n\r\n") + 4;
    auto head = buffer_.substr(0, end);
    buffer_.erase(0, end);
    chunked_ = head.find("Transfer-Encoding: chunked") != head.npos;
    feed();
    return head;
  }
  /// The body of a reply that says how long it is.
  std::string body(std::string_view head) {
    const auto field = head.find("Content-Length: ");
    const auto size = field == head.npos ? 0 : std::stoul(std::string{head.substr(field + 16)});
    while (buffer_.size() < size)
      if (!more()) break;
    auto text = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return text;
  }
  /// Reads media until frame `number` is there; false if the connection ended before.
  bool read_until(std::uint32_t number) {
    as_media_ = true;
    feed();
    while (flv.pictures.empty() || flv.pictures.back().number < number)
      if (!more()) return false;
    return true;
  }
  /// As many pictures, whatever they are.
  bool read_pictures(std::size_t count) {
    as_media_ = true;
    feed();
    while (flv.pictures.size() < count)
      if (!more()) return false;
    return true;
  }
  /// Reads media to the end of the connection. True if the end was an orderly one.
  bool read_rest() {
    as_media_ = true;
    feed();
    while (more()) {
    }
    return ended_;
  }
  /// Reads until the connection has ended, however.
  bool is_cut() {
    read_rest();
    return ended_ || reset_;
  }

  flv_reader flv;
  bool last_chunk_seen = false;

 private:
  bool more() {
    char piece[16384];
    const auto n = ::recv(fd_, piece, sizeof piece, 0);
    ended_ = n == 0;
    reset_ = n < 0 && errno == ECONNRESET;
    if (n <= 0) return false;
    buffer_.append(piece, static_cast<std::size_t>(n));
    feed();
    return true;
  }
  void feed() {
    if (!as_media_) return;
    if (chunked_) return feed_chunks();
    flv.take(buffer_.data(), buffer_.size());
    buffer_.clear();
  }
  /// Takes the data of chunks as far as it is there.
  void feed_chunks() {
    while (!last_chunk_seen) {
      if (chunk_left_ == 0) {
        const auto line = buffer_.find("\r\n", 2);  // behind the one that ends the chunk before
        if (line == std::string::npos) return;
        chunk_left_ = std::stoul(buffer_, nullptr, 16);
        buffer_.erase(0, line + 2);
        last_chunk_seen = chunk_left_ == 0;
        continue;
      }
      const auto size = std::min(chunk_left_, buffer_.size());
      if (size == 0) return;
      flv.take(buffer_.data(), size);
      buffer_.erase(0, size);
      chunk_left_ -= size;
    }
  }

  int fd_;
  bool connected_ = false;
  bool as_media_ = false;
  bool chunked_ = false;
  std::size_t chunk_left_ = 0;
  bool ended_ = false;
  bool reset_ = false;
  std::string buffer_;
};

/// Every call ends after a while.
class ws_client {
 public:
  using error_code = boost::system::error_code;

  error_code connect(std::uint16_t port, const std::string& target, const std::string& protocol = {}) {
    ws_.next_layer().connect({boost::asio::ip::address_v4::loopback(), port}, error);
    if (!protocol.empty())
      ws_.set_option(boost::beast::websocket::stream_base::decorator(
          [protocol](auto& request) { request.set(boost::beast::http::field::sec_websocket_protocol, protocol); }));
    run([&](auto done) { ws_.async_handshake(response, "test", target, done); });
    return error;
  }
  bool read_until(std::uint32_t number) {
    while (flv.pictures.empty() || flv.pictures.back().number < number)
      if (!read()) return false;
    return true;
  }
  /// One message.
  bool read() {
    boost::beast::flat_buffer message;
    run([&](auto done) { ws_.async_read(message, [done](error_code e, std::size_t) { done(e); }); });
    if (error) return false;
    binary = ws_.got_binary();
    ++messages;
    flv.take(message.data().data(), message.size());
    return true;
  }
  void write(const std::string& text) {
    run([&](auto done) { ws_.async_write(boost::asio::buffer(text), [done](error_code e, std::size_t) { done(e); }); });
  }
  /// The answer is seen while messages are read.
  void ping() {
    ws_.control_callback([this](auto kind, auto) { got_pong |= kind == boost::beast::websocket::frame_type::pong; });
    run([&](auto done) { ws_.async_ping("there?", done); });
  }
  void close() {
    run([&](auto done) { ws_.async_close(boost::beast::websocket::close_code::normal, done); });
  }
  auto reason() { return ws_.reason(); }

  flv_reader flv;
  boost::beast::websocket::response_type response;
  error_code error;
  int messages = 0;
  bool binary = false;
  bool got_pong = false;

 private:
  template <class Begin>
  void run(Begin begin) {
    bool over = false;
    begin([&](error_code e) {
      error = e;
      over = true;
    });
    io_.restart();
    io_.run_for(std::chrono::seconds{20});
    if (over) return;
    error = boost::asio::error::timed_out;
    error_code ignored;
    ws_.next_layer().close(ignored);
    io_.run();
  }

  boost::asio::io_context io_;
  boost::beast::websocket::stream<boost::asio::ip::tcp::socket> ws_{io_};
};

}  // namespace berth::tests
