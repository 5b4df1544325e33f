// How a server ends: what is idle, what runs, and what streams, when it stops or its client goes.
#include <future>

#include "tests/api/http/running_server.hpp"
#include "tests/support/catch.hpp"

using namespace berth::api;
using namespace berth::api::test;
using namespace std::chrono_literals;

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
