// /v1/events: what happens, told in order to whoever follows, with a cursor over reconnects.
#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/event_follower.hpp"

using namespace berth::tests;

namespace {

std::string stream_of(const sent_event& e) { return text(e.data.at("stream").as_object(), "stream_id"); }

}  // namespace

TEST_CASE("events: the life of a stream in order, with numbers that grow by one") {
  node n{{{"rtp_proxy.stall_ms", "500"}, {"rtp_proxy.timeoutSec", "1"}}};
  event_follower f{n.daemon.http_port(), n.daemon.secret()};
  rtp_sender camera;
  camera.send(n.port_of("cam"));
  std::uint64_t last = 0;
  for (const auto* name : {"stream_opened", "stream_active", "stream_stalled", "stream_closed"}) {
    const auto e = f.next();
    REQUIRE(e);
    CHECK(e->name == name);
    CHECK(text(e->data, "kind") == name);
    CHECK(stream_of(*e) == "cam");
    CHECK(e->id == std::to_string(number(e->data, "id")));
    CHECK(number(e->data, "at_ms") > 0);
    if (last != 0) CHECK(std::stoull(e->id) == last + 1);
    last = std::stoull(e->id);
    if (e->name == std::string{"stream_closed"})
      CHECK(text(e->data.at("stream").as_object(), "close_reason") == "went_silent");
  }
}

TEST_CASE("events: a cursor goes on where a follower was cut, and one of a former run says what is missed") {
  node n;
  std::string seen;
  {
    event_follower f{n.daemon.http_port(), n.daemon.secret()};
    n.port_of("a");
    seen = f.next().value().id;
  }
  n.port_of("b");
  n.port_of("c");
  event_follower by_header{n.daemon.http_port(), n.daemon.secret(), {}, "Last-Event-ID: " + seen + "\r\n"};
  CHECK(stream_of(by_header.next().value()) == "b");
  CHECK(stream_of(by_header.next().value()) == "c");
  event_follower by_query{n.daemon.http_port(), n.daemon.secret(), "?after=" + seen};
  CHECK(stream_of(by_query.next().value()) == "b");
  event_follower oldest{n.daemon.http_port(), n.daemon.secret(), "?after=0"};
  CHECK(oldest.next().value().name == "server_started");

  REQUIRE(n.daemon.stop().status == 0);
  CHECK(by_header.ended());
  n.daemon.start();
  event_follower later{n.daemon.http_port(), n.daemon.secret(), "?after=" + seen};
  CHECK(later.next().value().name == "missed");
  CHECK(later.next().value().name == "server_started");
}

TEST_CASE("events: only the kinds that were asked for, alarms among them") {
  node n{{{"alarm.pool_low_ratio", "0.6"}, {"alarm.pool_clear_ratio", "0.9"}}, 2};
  event_follower f{n.daemon.http_port(), n.daemon.secret(), "?kind=alarm_raised,alarm_cleared"};
  n.port_of("cam");
  const auto raised = f.next().value();
  CHECK(raised.name == "alarm_raised");
  CHECK(text(raised.data.at("alarm").as_object(), "name") == "port_pool_low");
  CHECK(n.close("cam") == 1);
  CHECK(f.next().value().name == "alarm_cleared");
}

TEST_CASE("events: bad cursors, unknown kinds and a missing secret are refused by name") {
  node n;
  for (const auto* bad : {"?after=x", "?after=-1", "?after=1.5", "?kind=nothing", "?kind=,stream_closed"}) {
    const auto a = n.v1.get(std::string{"/v1/events"} + bad);
    INFO(bad);
    CHECK(a.status == 400);
    CHECK(a.header("Content-Type").starts_with("application/problem+json"));
  }
  CHECK(http_client{n.daemon.http_port()}.get("/v1/events").status == 401);
}

TEST_CASE("events: a follower that reads nothing costs the others nothing, and the end of the daemon ends all") {
  node n{{{"rtp_proxy.quarantine_sec", "0"}}};
  event_follower deaf{n.daemon.http_port(), n.daemon.secret()};
  event_follower f{n.daemon.http_port(), n.daemon.secret()};
  for (int i = 0; i < 500; ++i) {
    n.port_of("cam");
    REQUIRE(n.close("cam") == 1);
    REQUIRE(f.next().value().name == "stream_opened");
    REQUIRE(f.next().value().name == "stream_closed");
  }
  CHECK(n.daemon.stop().status == 0);
  CHECK(f.ended());
  CHECK(deaf.ended());
}
