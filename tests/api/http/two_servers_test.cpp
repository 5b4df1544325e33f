// Two servers, one port: a connection that one gives to the other, and one that stands in for the other.
#include <future>
#include <latch>

#include "tests/api/http/running_server.hpp"
#include "tests/support/condition.hpp"

using namespace berth::api;
using namespace berth::api::test;
using namespace std::chrono_literals;
using berth::tests::eventually;

namespace {

/// A server with a thread of its own, whose answers say its name.
struct site {
  explicit site(const std::string& name, site* other = nullptr) {
    const auto say = [name](const http_request& r) -> awaitable<http_reply> {
      co_return zlm_reply({{"by", name}, {"body", r.body}});
    };
    routes.add("/here", say);
    routes.add("/there", say);
    for (auto [path, held] : {std::pair{"/v1/slow", &slow}, std::pair{"/index/api/slow", &slow_too}})
      routes.add(path, [held = held](const http_request&) -> awaitable<http_reply> {
        co_await held->pass();
        co_return zlm_reply();
      });
    http_service service{settings, [this](http_request& r) { return routes.dispatch(r); }, default_fault_reply, {}, {}};
    if (other != nullptr) {
      service.is_elsewhere = [](const http_request& r) { return r.path == "/there"; };
      service.elsewhere = [other](taken_connection taken, http_request first) {
        other->server->go_on(std::move(taken), std::move(first));
      };
    }
    server.emplace(io, std::move(service));
    thread = std::thread{[this] { io.run(); }};
  }
  ~site() {
    stop();
    guard.reset();
    thread.join();
  }
  void stop() {
    if (std::exchange(stopped, true)) return;
    std::promise<void> done;
    server->stop(0ms, [&] { done.set_value(); });
    done.get_future().wait();
  }

  gate slow, slow_too;
  http_settings_holder settings;
  router routes;
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard = boost::asio::make_work_guard(io);
  std::optional<http_server> server;
  std::thread thread;
  bool stopped = false;
};

/// The thread of a site does not go on for as long as this stands.
class stuck_thread {
 public:
  explicit stuck_thread(site& of) {
    std::promise<void> stuck;
    boost::asio::post(of.io, [&stuck, go_on = go_on_] {
      stuck.set_value();
      go_on->wait();
    });
    stuck.get_future().wait();
  }
  ~stuck_thread() { go_on_->count_down(); }
  stuck_thread(const stuck_thread&) = delete;
  stuck_thread& operator=(const stuck_thread&) = delete;

 private:
  const std::shared_ptr<std::latch> go_on_ = std::make_shared<std::latch>(1);
};

std::string answerer(const std::string& reply) {
  const auto at = reply.find(R"("by":")");
  return at == std::string::npos ? "nobody" : reply.substr(at + 6, reply.find('"', at + 6) - at - 6);
}

}  // namespace

TEST_CASE("two servers: a connection moves with what was sent, and is answered in order from there on") {
  site back{"back"};
  site front{"front", &back};
  const auto port = front.server->listen("127.0.0.1", 0);
  REQUIRE(port);
  {
    client c{*port};
    REQUIRE(
        c.send(get("/here") + "POST /there HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello" + get("/here") + get("/ther")));
    CHECK(answerer(c.reply()) == "front");
    const auto moved = c.reply();
    CHECK(answerer(moved) == "back");
    CHECK(contains(moved, R"("body":"hello")"));
    CHECK(answerer(c.reply()) == "back");
    CHECK(contains(c.reply(), "404"));
    CHECK(answerer(c.ask(get("/there"))) == "back");
    // While it moves it counts twice.
    CHECK(eventually(20s, [&] { return front.server->connections() == 1; }));
    CHECK(back.server->connections() == 1);
  }
  CHECK(eventually(20s, [&] { return front.server->connections() == 0 && back.server->connections() == 0; }));
}

TEST_CASE("two servers: one answers at the port of the other while that is stuck, again and again") {
  site back{"back"};
  site front{"front", &back};
  const auto port = front.server->listen("127.0.0.1", 0);
  REQUIRE(port);
  for (int round = 0; round < 5; ++round) {
    CHECK(answerer(client{*port}.ask(get("/here"))) == "front");
    std::optional<stuck_thread> stuck{std::in_place, front};
    for (int i = 0; i < 3; ++i) back.server->help(*front.server);
    for (int i = 0; i < 3; ++i) CHECK(answerer(client{*port}.ask(get("/here"))) == "back");
    back.server->stop_helping();
    stuck.reset();
    // A connection that was accepted in time is still served.
    CHECK(eventually(20s, [&] { return answerer(client{*port}.ask(get("/here"))) == "front"; }));
  }
}

TEST_CASE("two servers: who is asked to help before it has come to stop helping goes on") {
  site back{"back"};
  site front{"front", &back};
  const auto port = front.server->listen("127.0.0.1", 0);
  REQUIRE(port);
  const stuck_thread stuck{front};
  back.server->help(*front.server);
  CHECK(answerer(client{*port}.ask(get("/here"))) == "back");
  for (int round = 0; round < 5; ++round) {
    std::optional<stuck_thread> both_wait{std::in_place, back};
    back.server->stop_helping();
    back.server->help(*front.server);
    both_wait.reset();
    CHECK(answerer(client{*port}.ask(get("/here"))) == "back");
  }
}

TEST_CASE(
    "two servers: who waits for a thread that is stuck is told so by another, and who waits for nothing is let be") {
  for (int round = 0; round < 5; ++round) {
    site front{"front"};
    const auto port = front.server->listen("127.0.0.1", 0);
    REQUIRE(port);
    client silent{*port}, asking{*port}, unread{*port}, peers{*port}, bare{*port}, broken{*port};
    for (auto* c : {&silent, &asking, &unread, &peers, &bare, &broken})
      REQUIRE(answerer(c->ask(get("/here"))) == "front");
    auto entered = front.slow.entered();
    auto entered_too = front.slow_too.entered();
    REQUIRE(asking.send(get("/v1/slow")));
    REQUIRE(peers.send(get("/index/api/slow")));
    entered.wait();
    entered_too.wait();
    std::optional<stuck_thread> stuck{std::in_place, front};
    CHECK(unread.send(get("/v1/streams/cam")));
    CHECK(bare.send("HEAD /v1/streams/cam HTTP/1.1\r\n\r\n"));
    CHECK(broken.send("\x16\x03\x01"));
    CHECK(eventually(20s, [&] {
      front.server->speak_for("why");
      return unread.readable() && bare.readable() && broken.readable();
    }));
    CHECK(contains(unread.rest().value_or("cut"), R"("detail":"why")"));
    CHECK(bare.rest().value_or("cut").ends_with("\r\n\r\n"));
    CHECK(contains(broken.rest().value_or("cut"), "503"));
    CHECK(contains(asking.rest().value_or("cut"), "application/problem+json"));
    CHECK(contains(peers.rest().value_or("cut"), R"("code":-400)"));
    stuck.reset();
    front.slow.open();
    front.slow_too.open();
    CHECK(answerer(silent.ask(get("/here"))) == "front");
    CHECK(eventually(20s, [&] { return front.server->connections() == 1; }));
  }
}

TEST_CASE("two servers: who helps one that has stopped accepts nothing") {
  site back{"back"};
  site front{"front", &back};
  const auto port = front.server->listen("127.0.0.1", 0);
  REQUIRE(port);
  front.stop();
  back.server->help(*front.server);
  CHECK_FALSE(client{*port}.connected);
}
