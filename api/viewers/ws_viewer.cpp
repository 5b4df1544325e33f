// A viewer over WebSocket: media in binary messages.
#include <array>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <span>
#include <string_view>
#include <utility>

#include "api/viewers/viewer_transports.hpp"

namespace berth::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;

// A player has nothing to say but an occasional word to keep proxies awake.
constexpr std::size_t longest_message = 4096;
constexpr std::size_t most_frames_ignored = 64 * 1024;  // between two writes to it
constexpr auto handshake_time = std::chrono::seconds{10};

using upgrade_request = http::request<http::empty_body>;

upgrade_request rebuild(const http_request& request) {
  upgrade_request r;
  r.method_string(request.method);
  r.target(request.target);
  r.version(10 + request.http_minor);
  for (const auto& [name, value] : request.headers) r.insert(name, value);
  return r;
}

// RFC 6455 4.2.2: a client that offers protocols wants one of them named.
std::string first_protocol(const http_request& request) {
  const auto offered = request.header("Sec-WebSocket-Protocol");
  return std::string{trim(offered.substr(0, offered.find(',')))};
}

class ws_viewer final : public media_viewer {
 public:
  ws_viewer(viewer_order order, taken_connection taken, const asio::any_io_executor& executor, std::size_t send_buffer,
            const http_request& request)
      : media_viewer(std::move(order)),
        ws_(adopt(std::move(taken.socket), executor, send_buffer)),
        place_(std::move(taken.place)),
        request_(rebuild(request)),
        too_early_(!taken.unread.empty()) {
    auto times = websocket::stream_base::timeout::suggested(beast::role_type::server);
    times.handshake_timeout = handshake_time;
    times.idle_timeout = websocket::stream_base::none();
    times.keep_alive_pings = false;
    ws_.set_option(times);
    ws_.set_option(websocket::stream_base::decorator(
        [server = request.settings->server_name, protocol = first_protocol(request)](websocket::response_type& r) {
          r.set(http::field::server, server);
          if (!protocol.empty()) r.set(http::field::sec_websocket_protocol, protocol);
        }));
    ws_.binary(true);
    ws_.auto_fragment(false);  // a message is written as it is, from where it is
    ws_.read_message_max(longest_message);
  }

 private:
  void open() override {
    if (too_early_) return cut();  // RFC 6455 4.1: a client waits for the answer
    ws_.async_accept(request_, [this, self = keep()](error_code error) {
      if (error) return cut();
      request_ = {};
      listen();
      opened();
    });
  }

  void listen() {
    ws_.async_read_some(asio::buffer(ignored_), [this, self = keep()](error_code error, std::size_t bytes) {
      ignored_bytes_ += bytes + 1;
      if (error || ignored_bytes_ > most_frames_ignored) return cut();
      listen();
    });
  }

  void send(chunks media) override {
    ignored_bytes_ = 0;
    parts_.clear();
    gather(media, parts_);
    ws_.async_write(std::span{std::as_const(parts_)},
                    [this, self = keep()](error_code error, std::size_t bytes) { sent(error, bytes); });
  }

  void say_goodbye(ending why) override {
    ws_.async_close(reason_of(why), [this, self = keep()](error_code) { cut(); });
  }

  static websocket::close_reason reason_of(ending why) {
    switch (why) {
      case ending::stream_over:
        return {websocket::close_code::normal, "the stream is over"};
      case ending::kicked:
        return {websocket::close_code::policy_error, "the operator has ended this viewer"};
      case ending::going_down:
        break;
    }
    return {websocket::close_code::going_away, "the server is going down"};
  }

  void close() noexcept override {
    error_code ignored;
    beast::get_lowest_layer(ws_).close(ignored);
    place_.reset();
  }

  // A client that has broken the protocol was told so; what it does then is not waited for.
  bool is_connected() const noexcept override { return ws_.is_open(); }

  websocket::stream<asio::ip::tcp::socket, false> ws_;
  std::shared_ptr<void> place_;
  upgrade_request request_;
  const bool too_early_;
  std::vector<asio::const_buffer> parts_;  // on their way
  std::array<char, 512> ignored_{};
  std::size_t ignored_bytes_ = 0;
};

}  // namespace

media_viewer_ptr make_ws_viewer(viewer_order order, taken_connection taken, const asio::any_io_executor& executor,
                                std::size_t send_buffer, const http_request& request) {
  return std::make_shared<ws_viewer>(std::move(order), std::move(taken), executor, send_buffer, request);
}

bool asks_for_websocket(const http_request& request) { return websocket::is_upgrade(rebuild(request)); }

}  // namespace berth::api
