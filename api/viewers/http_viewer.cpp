// A viewer over plain HTTP: everything behind the head is media, in chunks, so that its end is not taken for a cut.
#include <array>
#include <boost/asio/write.hpp>
#include <span>
#include <utility>

#include "api/http/reply_head.hpp"
#include "api/viewers/viewer_transports.hpp"

namespace berth::api {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// A player has nothing to say any more; some send a little all the same.
constexpr std::size_t most_ignored = 4096;

class http_viewer final : public media_viewer {
 public:
  http_viewer(viewer_order order, taken_connection taken, const asio::any_io_executor& executor,
              std::size_t send_buffer, std::string head, bool chunked)
      : media_viewer(std::move(order)),
        socket_(adopt(std::move(taken.socket), executor, send_buffer)),
        place_(std::move(taken.place)),
        head_(std::move(head)),
        chunked_(chunked),
        ignored_bytes_(taken.unread.size()) {}

 private:
  void open() override {
    listen();
    asio::async_write(socket_, asio::buffer(head_), [this, self = keep()](error_code error, std::size_t) {
      if (error) return cut();
      opened();
    });
  }

  // The reading side is how a socket tells that its client is gone.
  void listen() {
    if (ignored_bytes_ > most_ignored) return cut();
    socket_.async_read_some(asio::buffer(ignored_), [this, self = keep()](error_code error, std::size_t bytes) {
      if (error) return cut();
      ignored_bytes_ += bytes;
      listen();
    });
  }

  void send(chunks media) override {
    parts_.assign(chunked_ ? 1 : 0, {});
    const auto bytes = gather(media, parts_);
    if (chunked_) {
      chunk_head_ = chunk_head(bytes);
      parts_.front() = asio::buffer(chunk_head_);
      parts_.push_back(asio::buffer(chunk_end));
    }
    asio::async_write(
        socket_, std::span{std::as_const(parts_)},
        [this](error_code error, std::size_t) -> std::size_t {
          progressed();
          return error ? 0 : most_at_once;
        },
        [this, self = keep(), bytes](error_code error, std::size_t) { sent(error, bytes); });
  }

  // The client closes when it has read it all. HTTP/1.0 knows no other end of such a body.
  void say_goodbye(ending) override {
    if (!chunked_) return finish();
    asio::async_write(socket_, asio::buffer(last_chunk), [this, self = keep()](error_code error, std::size_t) {
      if (error) return cut();
      finish();
    });
  }

  void finish() {
    error_code failed;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, failed);
    if (failed) cut();
  }

  void close() noexcept override {
    error_code ignored;
    socket_.close(ignored);
    place_.reset();
  }

  asio::ip::tcp::socket socket_;
  std::shared_ptr<void> place_;
  const std::string head_;
  const bool chunked_;
  std::string chunk_head_;
  std::vector<asio::const_buffer> parts_;  // on their way
  std::array<char, 256> ignored_{};
  std::size_t ignored_bytes_;
};

}  // namespace

media_viewer_ptr make_http_viewer(viewer_order order, taken_connection taken, const asio::any_io_executor& executor,
                                  std::size_t send_buffer, std::string head, bool chunked) {
  return std::make_shared<http_viewer>(std::move(order), std::move(taken), executor, send_buffer, std::move(head),
                                       chunked);
}

}  // namespace berth::api
