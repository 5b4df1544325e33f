// The contract's section 1 over real sockets, on free ports of the loopback.
#include "api/http/http_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <optional>
#include <thread>

#include "api/http/arguments.hpp"
#include "api/http/json.hpp"
#include "api/http/router.hpp"
#include "tests/support/catch.hpp"

using namespace berth::api;
using namespace std::chrono_literals;
using namespace std::string_literals;
using boost::asio::awaitable;

namespace {

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

struct running_server {
  boost::asio::io_context io{2};
  http_settings_holder settings;
  router routes;
  gate slow;
  std::promise<void> stream_began;
  std::promise<void> stream_ended;
  std::optional<http_server> server;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard = boost::asio::make_work_guard(io);
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
    server.emplace(io, http_service{settings,
                                    [this](http_request& r) { return routes.dispatch(r); },
                                    default_fault_reply,
                                    {},
                                    {},
                                    berth::net::wall_clock::now});
    const auto bound = server->listen(address, 0);
    REQUIRE(bound);
    port = *bound;
    for (int i = 0; i < 2; ++i) threads.emplace_back([this] { io.run(); });
  }
  ~running_server() {
    stop(0ms).wait_for(20s);
    guard.reset();
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

bool contains(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }
std::string body_of(const std::string& reply) { return reply.substr(reply.find("\r\n\r\n") + 4); }
std::string get(const std::string& path, const std::string& headers = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n";
}

}  // namespace

TEST_CASE("http_server: all methods of the contract on one kept connection (1.2 to 1.8)") {
  running_server s;
  CHECK(s.server->local_port() == s.port);
  client c{s.port};
  CHECK(body_of(c.ask(get("/INDEX/api/echo?a=1"))) == R"({"code":0,"a":"1","body_size":0,"peer_ip":"127.0.0.1"})");
  CHECK(contains(
      c.ask("POST /index/api/echo HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":2}"),
      R"("a":"2","body_size":7)"));
  CHECK(contains(c.ask("PUT /index/api/echo HTTP/1.1\r\nContent-Length: 0\r\n\r\n"), R"({"code":0)"));
  CHECK(contains(c.ask("DELETE /index/api/echo HTTP/1.1\r\n\r\n"), R"({"code":0)"));
  const auto head = c.ask("HEAD /index/api/echo HTTP/1.1\r\n\r\n");
  CHECK(contains(head, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"));
  CHECK(contains(c.ask(get("/nowhere")), "HTTP/1.1 404 Not Found\r\nContent-Type: text/html; charset=utf-8\r\n"));
  const auto post = c.ask("POST /nowhere HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
  CHECK(contains(post, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n"));
  CHECK(contains(c.ask(get("/index/api/throws")), R"({"code":-400,"msg":"no such luck"})"));
  CHECK(contains(c.ask("POST /index/api/echo HTTP/1.1\r\n\r\n"), R"("body_size":0)"));  // 1.9: no length
  CHECK(contains(c.ask("GET /index/api/echo HTTP/1.0\r\n\r\n"), "Connection: keep-alive\r\n"));
  CHECK(contains(c.ask(get("/v1/streams/a%2Fb")), R"({"stream_id":"a/b"})"));
  CHECK(contains(c.ask(get("/index/api/echo", "Connection: close\r\n")), "Connection: close\r\n"));
  CHECK(c.rest() == "");
}

TEST_CASE("http_server: OPTIONS and unknown methods close after the reply (1.5, 1.6)") {
  running_server s;
  client options{s.port};
  CHECK(contains(options.ask("OPTIONS /index/api/echo HTTP/1.1\r\nOrigin: http://a\r\n\r\n"),
                 "Access-Control-Allow-Origin: *\r\n"));
  CHECK(options.rest() == "");
  client patch{s.port};
  CHECK(contains(patch.ask("PATCH /index/api/echo HTTP/1.1\r\n\r\n"), "HTTP/1.1 405 "));
  CHECK(patch.rest() == "");
}

TEST_CASE("http_server: the whole head of a reply") {
  running_server s;
  client c{s.port};
  auto reply = c.ask(get("/index/api/echo", "Origin: http://a.example\r\n"));
  const auto date = reply.find("Date: ");
  REQUIRE(date != std::string::npos);
  reply.erase(date, reply.find("\r\n", date) + 2 - date);
  CHECK(reply ==
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 46\r\n"
        "Connection: keep-alive\r\nKeep-Alive: timeout=30, max=100\r\nServer: Berth\r\n"
        "Access-Control-Allow-Origin: http://a.example\r\nAccess-Control-Allow-Credentials: true\r\n\r\n"
        R"({"code":0,"body_size":0,"peer_ip":"127.0.0.1"})");
}

TEST_CASE("http_server: a client that sends a body far too large, then reads, reads the answer (1.10)") {
  running_server s;
  client c{s.port};
  const std::size_t size = 8 * 1024 * 1024;
  REQUIRE(c.send("POST /index/api/echo HTTP/1.1\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n"));
  REQUIRE(c.send(std::string(size, 'x')));
  const auto all = c.rest();
  REQUIRE(all);
  CHECK(contains(*all, "\"code\":-300"));
  CHECK(contains(*all, "8388608 bytes, 40960 are allowed"));
}

TEST_CASE("http_server: a target of 100 KB gets its answer") {
  running_server s;
  client c{s.port};
  REQUIRE(c.send(get("/" + std::string(100 * 1024, 'a'))));
  const auto all = c.rest();
  REQUIRE(all);
  CHECK(contains(*all, "HTTP/1.1 431 "));
}

TEST_CASE("http_server: what is not HTTP gets 400 and the end") {
  running_server s;
  client c{s.port};
  REQUIRE(c.send("\x16\x03\x01 hello\r\n\r\n"));
  const auto all = c.rest();
  REQUIRE(all);
  CHECK(contains(*all, "HTTP/1.1 400 "));
}

TEST_CASE("http_server: an idle client is closed, a slow one is told") {
  http_settings quick;
  quick.keep_alive = 500ms;
  running_server s{quick};
  client idle{s.port};
  client slow{s.port};
  REQUIRE(slow.send("GET /index/api/ec"));
  CHECK(idle.rest() == "");
  const auto told = slow.rest();
  REQUIRE(told);
  CHECK(contains(*told, "HTTP/1.1 408 "));
}

TEST_CASE("http_server: the time a handler takes is not the client's") {
  http_settings quick;
  quick.keep_alive = 500ms;
  running_server s{quick};
  auto entered = s.slow.entered();
  client c{s.port};
  client idle{s.port};
  REQUIRE(c.send(get("/index/api/slow")));
  REQUIRE(entered.wait_for(20s) == std::future_status::ready);
  client later{s.port};
  CHECK(later.rest() == "");  // so more than keep_alive has passed since the handler began
  s.slow.open();
  CHECK(contains(c.reply(), "\"code\":0"));
}

TEST_CASE("http_server: 64 pipelined requests") {
  running_server s;
  client c{s.port};
  std::string all;
  for (int i = 0; i < 64; ++i) all += get("/index/api/echo?n=" + std::to_string(i));
  REQUIRE(c.send(all));
  for (int i = 0; i < 64; ++i) CHECK(contains(c.reply(), "\"n\":\"" + std::to_string(i) + "\""));
}

TEST_CASE("http_server: the settings may change while it runs") {
  running_server s;
  client c{s.port};
  CHECK(contains(c.ask(get("/index/api/echo")), "charset=utf-8"));
  http_settings next;
  next.char_set = "gbk";
  next.keep_alive = 7s;
  s.settings.set(next);
  CHECK(contains(client{s.port}.ask(get("/index/api/echo")), "charset=gbk\r\n"));
  c.ask(get("/index/api/echo"));  // was awaited under the old ones
  CHECK(contains(c.ask(get("/index/api/echo")), "timeout=7, max=100"));
}

TEST_CASE("http_server: one connection too many gets 503, the next after a close is welcome") {
  http_settings one;
  one.max_connections = 1;
  running_server s{one};
  {
    client first{s.port};
    CHECK(contains(first.ask(get("/index/api/echo")), "\"code\":0"));
    client second{s.port};
    const auto told = second.rest();
    REQUIRE(told);
    CHECK(contains(*told, "HTTP/1.1 503 "));
    CHECK(contains(first.ask(get("/index/api/echo")), "\"code\":0"));
  }
  std::string reply;
  for (int i = 0; i < 10000 && !contains(reply, "\"code\":0"); ++i) reply = client{s.port}.ask(get("/index/api/echo"));
  CHECK(contains(reply, "\"code\":0"));
}

TEST_CASE("http_server: stop() closes idle connections, lets a running request finish, takes no new one") {
  running_server s;
  auto entered = s.slow.entered();
  client idle{s.port};
  CHECK(contains(idle.ask(get("/index/api/echo")), "\"code\":0"));
  client busy{s.port};
  REQUIRE(busy.send(get("/index/api/slow")));
  REQUIRE(entered.wait_for(20s) == std::future_status::ready);
  auto done = s.stop(60s);
  CHECK(idle.rest() == "");
  CHECK(done.wait_for(0s) == std::future_status::timeout);
  CHECK_FALSE(client{s.port}.connected);
  s.slow.open();
  CHECK(contains(busy.reply(), "Connection: close\r\n"));
  CHECK(busy.rest() == "");
  CHECK(done.wait_for(20s) == std::future_status::ready);
  CHECK(s.server->connections() == 0);
}

TEST_CASE("http_server: stop() cuts what does not finish in time") {
  running_server s;
  auto entered = s.slow.entered();
  client busy{s.port};
  REQUIRE(busy.send(get("/index/api/slow")));
  REQUIRE(entered.wait_for(20s) == std::future_status::ready);
  CHECK(s.stop(20ms).wait_for(20s) == std::future_status::ready);
  CHECK(busy.reply().empty());
  s.slow.open();
}

TEST_CASE("http_server: stop() without a connection reports at once") {
  running_server s;
  CHECK(s.stop(60s).wait_for(20s) == std::future_status::ready);
}

TEST_CASE("http_server: a stream ends when its client goes") {
  running_server s;
  auto began = s.stream_began.get_future();
  auto ended = s.stream_ended.get_future();
  {
    client c{s.port};
    REQUIRE(c.send(get("/v1/events")));
    CHECK(contains(c.until("9\r\ndata: 1\n\n\r\n"),
                   "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"));
    REQUIRE(began.wait_for(20s) == std::future_status::ready);
    CHECK(ended.wait_for(0s) == std::future_status::timeout);
  }
  CHECK(ended.wait_for(20s) == std::future_status::ready);
}

TEST_CASE("http_server: a stream ends properly when the server stops") {
  running_server s;
  auto began = s.stream_began.get_future();
  client c{s.port};
  REQUIRE(c.send(get("/v1/events")));
  REQUIRE(began.wait_for(20s) == std::future_status::ready);
  auto done = s.stop(60s);
  const auto all = c.rest();
  REQUIRE(all);
  CHECK(all->ends_with("data: 1\n\n\r\n0\r\n\r\n"));
  CHECK(done.wait_for(20s) == std::future_status::ready);
}

TEST_CASE("http_server: \"::\" takes IPv4 too, and the peer's address is the IPv4 one") {
  running_server s{{}, "::"};
  client c{s.port};
  CHECK(contains(c.ask(get("/index/api/echo")), R"("peer_ip":"127.0.0.1")"));
}

TEST_CASE("http_server: what cannot be bound is said with address and port") {
  running_server s;
  boost::asio::io_context io;
  http_server other{io, http_service{s.settings,
                                     [&](http_request& r) { return s.routes.dispatch(r); },
                                     default_fault_reply,
                                     {},
                                     {},
                                     berth::net::wall_clock::now}};
  const auto taken = other.listen("127.0.0.1", s.port);
  REQUIRE_FALSE(taken);
  CHECK(contains(taken.error(), "cannot listen for HTTP on 127.0.0.1 port " + std::to_string(s.port) + ": "));
  const auto name = other.listen("localhost", 0);
  REQUIRE_FALSE(name);
  CHECK(contains(name.error(), "this is no IP address"));
}

TEST_CASE("http_server: many clients at a time, on two threads") {
  running_server s;
  std::vector<std::thread> clients;
  std::atomic<int> good{0};
  for (int t = 0; t < 8; ++t)
    clients.emplace_back([&] {
      client c{s.port};
      for (int i = 0; i < 100; ++i)
        good += contains(c.ask(get("/index/api/echo?i=" + std::to_string(i))), "\"i\":\"" + std::to_string(i) + "\"");
    });
  for (auto& c : clients) c.join();
  CHECK(good == 800);
}
