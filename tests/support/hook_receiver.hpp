// An HTTP server on loopback that hears web hooks, keeps them in order, and misbehaves where a test wants it to.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace berth::tests {

/// What the receiver does with one request.
struct hook_reply {
  enum class how {
    answer,      ///< status and body
    then_close,  ///< the same, and closes the connection without having said so
    raw,         ///< writes `body` as it is, then closes
    hang,        ///< nothing, until the client goes away or the receiver ends
    reset,       ///< RST
  };
  how action = how::answer;
  unsigned status = 200;
  std::string body = R"({"code":0,"msg":"success"})";
};

/// Serves each connection on a thread of its own. Made, asked and destroyed by the test; no wait in it is a sleep.
class hook_receiver {
 public:
  using tcp = boost::asio::ip::tcp;
  using request = boost::beast::http::request<boost::beast::http::string_body>;
  using clock = std::chrono::steady_clock;

  struct heard {
    std::string target;
    std::string body;
    request whole;
    std::size_t connection = 0;  ///< 1, 2, 3, ... in the order of their acceptance
    clock::time_point at;
  };

  /// Port 0 = any free one. With `tls`, connections begin with a handshake.
  explicit hook_receiver(std::uint16_t port = 0, boost::asio::ssl::context* tls = nullptr)
      : tls_(tls), acceptor_(io_, tcp::endpoint{boost::asio::ip::address_v4::loopback(), port}) {
    port_ = acceptor_.local_endpoint().port();
    thread_ = std::thread{[this] { accept(); }};
  }
  ~hook_receiver() {
    {
      const std::lock_guard lock{mutex_};
      ending_ = true;
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);  // wakes the blocked accept
    thread_.join();
    for (auto& t : serving_) t.join();
  }
  hook_receiver(const hook_receiver&) = delete;
  hook_receiver& operator=(const hook_receiver&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  std::string url(const std::string& path = "/index/hook/test") const {
    return (tls_ != nullptr ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_) + path;
  }

  /// For all requests from now on that no next() is there for.
  void always(hook_reply reply) {
    const std::lock_guard lock{mutex_};
    always_ = std::move(reply);
  }
  /// For one request; several are used in turn.
  void next(hook_reply reply) {
    const std::lock_guard lock{mutex_};
    next_.push_back(std::move(reply));
  }

  /// Asked before the others, on the connection's thread, where it may wait: its answer, if it has one, is the reply.
  using decision = std::function<std::optional<hook_reply>(const heard&)>;
  void decide(decision d) {
    const std::lock_guard lock{mutex_};
    decide_ = std::move(d);
  }

  std::vector<heard> requests() const {
    const std::lock_guard lock{mutex_};
    return heard_;
  }
  /// Those whose target ends with `path`, e.g. a hook's name.
  std::vector<heard> requests(const std::string& path) const {
    auto all = requests();
    std::erase_if(all, [&](const heard& h) { return !h.target.ends_with(path); });
    return all;
  }
  std::size_t connections() const {
    const std::lock_guard lock{mutex_};
    return accepted_;
  }

  /// Waits until `enough` holds of the requests so far; false if it did not come to that in time.
  bool wait(const std::function<bool(const std::vector<heard>&)>& enough,
            std::chrono::milliseconds limit = std::chrono::seconds{10}) const {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, limit, [&] { return enough(heard_); });
  }
  bool wait_for(std::size_t count, std::chrono::milliseconds limit = std::chrono::seconds{10}) const {
    return wait([count](const auto& all) { return all.size() >= count; }, limit);
  }
  bool wait_for(const std::string& path, std::size_t count = 1,
                std::chrono::milliseconds limit = std::chrono::seconds{10}) const {
    return wait(
        [&](const auto& all) {
          return count <= static_cast<std::size_t>(std::count_if(
                              all.begin(), all.end(), [&](const heard& h) { return h.target.ends_with(path); }));
        },
        limit);
  }

 private:
  void accept() {
    for (;;) {
      boost::system::error_code error;
      auto socket = acceptor_.accept(error);
      const std::lock_guard lock{mutex_};
      if (error || ending_) return;
      ++accepted_;
      open_.push_back(socket.native_handle());
      serving_.emplace_back([this, s = std::move(socket), n = accepted_]() mutable { serve(std::move(s), n); });
    }
  }

  void serve(tcp::socket socket, std::size_t connection) {
    const int fd = socket.native_handle();
    if (tls_ != nullptr) {
      boost::asio::ssl::stream<tcp::socket&> stream{socket, *tls_};
      boost::system::error_code error;
      stream.handshake(boost::asio::ssl::stream_base::server, error);
      if (!error) converse(stream, socket, connection);
    } else {
      converse(socket, socket, connection);
    }
    const std::lock_guard lock{mutex_};
    std::erase(open_, fd);  // before the number is free for another one
    boost::system::error_code ignored;
    socket.close(ignored);
  }

  template <class Stream>
  void converse(Stream& stream, tcp::socket& socket, std::size_t connection) {
    namespace http = boost::beast::http;
    boost::beast::flat_buffer buffer;
    for (;;) {
      boost::system::error_code error;
      request r;
      http::read(stream, buffer, r, error);
      if (error) return;
      const auto reply = take(std::move(r), connection);
      switch (reply.action) {
        case hook_reply::how::hang: {
          char byte = 0;
          while (socket.read_some(boost::asio::buffer(&byte, 1), error) > 0 && !error) {
          }
          return;
        }
        case hook_reply::how::reset:
          socket.set_option(boost::asio::socket_base::linger{true, 0}, error);
          return;
        case hook_reply::how::raw:
          boost::asio::write(stream, boost::asio::buffer(reply.body), error);
          return;
        case hook_reply::how::answer:
        case hook_reply::how::then_close: {
          http::response<http::string_body> answer{static_cast<http::status>(reply.status), 11};
          answer.set(http::field::content_type, "application/json");
          answer.body() = reply.body;
          answer.prepare_payload();
          http::write(stream, answer, error);
          if (error || reply.action == hook_reply::how::then_close) return;
        }
      }
    }
  }

  hook_reply take(request r, std::size_t connection) {
    heard h;
    h.target = std::string{r.target()};
    h.body = r.body();
    h.whole = std::move(r);
    h.connection = connection;
    h.at = clock::now();
    decision decide;
    {
      const std::lock_guard lock{mutex_};
      heard_.push_back(h);
      changed_.notify_all();
      decide = decide_;
    }
    if (decide)
      if (auto reply = decide(h)) return *reply;
    const std::lock_guard lock{mutex_};
    if (next_.empty()) return always_;
    auto reply = std::move(next_.front());
    next_.pop_front();
    return reply;
  }

  boost::asio::ssl::context* tls_;
  boost::asio::io_context io_;
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool ending_ = false;
  std::size_t accepted_ = 0;
  std::vector<int> open_;
  std::vector<heard> heard_;
  hook_reply always_;
  std::deque<hook_reply> next_;
  decision decide_;
  std::list<std::thread> serving_;
  std::thread thread_;
};

/// The settings of a daemon that calls `receiver` for the hooks of these names ("/on_play" for on_play), and `more`.
inline std::vector<std::pair<std::string, std::string>> hooked(
    const hook_receiver& receiver, const std::vector<const char*>& names,
    std::vector<std::pair<std::string, std::string>> more = {}) {
  more.emplace_back("hook.enable", "1");
  for (const std::string name : names) more.emplace_back("hook." + name, receiver.url("/" + name));
  return more;
}

inline boost::json::object body_of(const hook_receiver::heard& h) { return boost::json::parse(h.body).as_object(); }

}  // namespace berth::tests
