// A real HTTP server on a free port of the loopback, with routes that a test holds back, and a plain client.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "api/http/arguments.hpp"
#include "api/http/http_server.hpp"
#include "api/http/json.hpp"
#include "api/http/router.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/contains.hpp"

namespace berth::api::test {

using tests::contains;

using boost::asio::awaitable;

/// A blocking client. Reading gives up after a while, so that a test fails instead of hanging.
class client {
 public:
  explicit client(std::uint16_t port, std::uint32_t address = INADDR_LOOPBACK)
      : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(address);
    connected = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  ~client() { ::close(fd_); }
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  bool send(std::string_view text) {
    while (!text.empty()) {
      const auto n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  /// Head and body of the next reply; "" when the connection ended before.
  std::string reply() {
    while (buffer_.find("\r\n\r\n") == std::string::npos)
      if (!more()) return {};
    const auto head = buffer_.find("\r\n\r\n") + 4;
    const auto field = buffer_.find("Content-Length: ");
    const auto size = head + (field < head ? std::stoul(buffer_.substr(field + 16)) : 0);
    while (buffer_.size() < size)
      if (!more()) return {};
    auto text = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return text;
  }
  std::string until(std::string_view what) {
    while (buffer_.find(what) == std::string::npos)
      if (!more()) break;
    return std::exchange(buffer_, {});
  }
  /// Everything up to the end of the connection; nothing when it ends by a reset or not at all.
  std::optional<std::string> rest() {
    while (more()) {
    }
    if (!ended_) return std::nullopt;
    return std::exchange(buffer_, {});
  }
  /// Whether something has come, be it the end.
  bool readable() const {
    pollfd p{fd_, POLLIN, 0};
    return ::poll(&p, 1, 0) == 1;
  }
  std::string ask(std::string_view text) { return send(text) ? reply() : std::string{}; }

  bool connected = false;

 private:
  bool more() {
    char bytes[16384];
    const auto n = ::recv(fd_, bytes, sizeof bytes, 0);
    if (n == 0) ended_ = true;
    if (n <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(n));
    return true;
  }

  int fd_;
  std::string buffer_;
  bool ended_ = false;
};

/// What a handler waits for until the test opens it.
class gate {
 public:
  std::future<void> entered() { return entered_.get_future(); }
  void open() {
    boost::asio::post(timer_->get_executor(), [t = timer_] { t->cancel(); });
  }
  awaitable<void> pass() {
    timer_ = std::make_shared<boost::asio::steady_timer>(co_await boost::asio::this_coro::executor,
                                                         boost::asio::steady_timer::time_point::max());
    const auto timer = timer_;
    entered_.set_value();
    co_await timer->async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }

 private:
  std::promise<void> entered_;
  std::shared_ptr<boost::asio::steady_timer> timer_;
};

/// The server, two threads that run it, and what its handlers tell the test. Owned by one test; stops when it dies.
struct running_server {
  context_pool io{2};
  http_settings_holder settings;
  router routes;
  gate slow;
  std::promise<void> stream_began;
  std::promise<void> stream_ended;
  std::optional<http_server> server;
  std::vector<std::thread> threads;
  std::uint16_t port = 0;

  explicit running_server(http_settings first = {}, std::string_view address = "127.0.0.1")
      : settings(std::move(first)) {
    routes.add("/index/api/echo", [](const http_request& r) -> awaitable<http_reply> {
      const arguments args{r};
      boost::json::object members;
      for (const auto& [name, value] : args.all()) members[name] = value;
      members["body_size"] = r.body.size();
      members["peer_ip"] = r.peer.address_string();
      co_return zlm_reply(std::move(members));
    });
    routes.add("/index/api/throws", [](const http_request&) -> awaitable<http_reply> {
      throw std::runtime_error("no such luck");
      co_return http_reply{};
    });
    routes.add("/index/api/slow", [this](const http_request&) -> awaitable<http_reply> {
      co_await slow.pass();
      co_return zlm_reply();
    });
    routes.add("GET", "/v1/streams/{stream_id}", [](const http_request& r) -> awaitable<http_reply> {
      co_return json_reply({{"stream_id", r.segment("stream_id")}});
    });
    routes.add("GET", "/v1/events", [this](const http_request&) -> awaitable<http_reply> {
      http_reply reply;
      reply.content_type = "text/event-stream";
      reply.stream = [this](event_writer& w) -> awaitable<void> {
        boost::asio::steady_timer wake{co_await boost::asio::this_coro::executor,
                                       boost::asio::steady_timer::time_point::max()};
        w.on_close([&wake] { wake.cancel(); });
        co_await w.write("data: 1\n\n");
        stream_began.set_value();
        if (w.is_open()) co_await wake.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        stream_ended.set_value();
      };
      co_return reply;
    });
    server.emplace(io[0], io,
                   http_service{settings,
                                [this](http_request& r) { return routes.dispatch(r); },
                                default_fault_reply,
                                {},
                                {},
                                berth::net::wall_clock::now});
    const auto bound = server->listen(address, 0);
    REQUIRE(bound);
    port = *bound;
    for (std::size_t i = 0; i < io.size(); ++i)
      threads.emplace_back([this, i] {
        const auto guard = boost::asio::make_work_guard(io[i]);
        io[i].run();
      });
  }
  ~running_server() {
    stop(std::chrono::milliseconds{0}).wait_for(std::chrono::seconds{20});
    io.stop();
    for (auto& t : threads) t.join();
  }
  std::future<void> stop(std::chrono::milliseconds patience) {
    auto done = std::make_shared<std::promise<void>>();
    if (std::exchange(stopped_, true)) {
      done->set_value();
      return done->get_future();
    }
    auto future = done->get_future();
    server->stop(patience, [done] { done->set_value(); });
    return future;
  }

 private:
  bool stopped_ = false;
};

inline std::string body_of(const std::string& reply) { return reply.substr(reply.find("\r\n\r\n") + 4); }
inline std::string get(const std::string& path, const std::string& headers = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n";
}

}  // namespace berth::api::test
