// The contract's section 1 over real sockets, on free ports of the loopback.
#include "api/http/http_server.hpp"

#include <atomic>
#include <thread>

#include "tests/api/http/running_server.hpp"
#include "tests/support/catch.hpp"

using namespace berth::api;
using namespace berth::api::test;
using namespace std::chrono_literals;

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
