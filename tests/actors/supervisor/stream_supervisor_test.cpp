#include "actors/supervisor/stream_supervisor.hpp"

#include <cerrno>

#include "tests/support/catch.hpp"
#include "tests/support/harbour.hpp"

using namespace berth::actors;
using namespace berth::tests;
using namespace berth;
using namespace std::chrono_literals;

TEST_CASE("an open gives a port of the range, and every answer shows it") {
  harbour h;
  const auto a = h.open("cam");
  REQUIRE(a);
  CHECK(a->kind == open_kind::created);
  CHECK(h.settings.allocator.range.contains(a->stream->port()));
  CHECK(a->stream->port() % 2 == 0);
  const auto q = h.query("cam");
  REQUIRE(q);
  CHECK(q->port() == a->stream->port());
  CHECK(q->state == stream_state::listening);
  REQUIRE(h.list().size() == 1);
  CHECK(h.list()[0].generation == a->stream->generation);
}

TEST_CASE("an open of an idle key with the same parameters gives the same port and generation") {
  harbour h;
  const auto a = h.open("cam");
  const auto b = h.open("cam");
  REQUIRE(b);
  CHECK(b->kind == open_kind::same);
  CHECK(b->stream->port() == a->stream->port());
  CHECK(b->stream->generation == a->stream->generation);
  CHECK(h.stats().ports.leased == 1);
}

TEST_CASE("an open of an idle key restarts its idle clock") {
  harbour h;
  REQUIRE(h.open("cam"));
  h.lab.advance(10s);
  REQUIRE(h.open("cam"));
  h.lab.advance(10s);
  CHECK(h.query("cam"));
}

TEST_CASE("an open of an idle key with other parameters replaces it") {
  harbour h;
  const auto a = h.open("cam");
  auto other = h.request("cam");
  h.port_in(other).ssrc = 77;
  const auto b = h.open(other);
  REQUIRE(b);
  CHECK(b->kind == open_kind::replaced);
  CHECK(b->stream->generation > a->stream->generation);
  CHECK(b->stream->ssrc_filter == 77);
  CHECK(h.list().size() == 1);
  CHECK(h.stats().closes[static_cast<std::size_t>(close_reason::replaced)] == 1);
}

TEST_CASE("a live key is refused, reused or replaced, as the request says") {
  harbour h;
  camera cam;
  const auto a = h.open("cam");
  cam.send(a->stream->port());
  h.receive();
  auto again = h.request("cam");

  const auto refused = h.open(again);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::stream_live);
  REQUIRE(refused.error().live);
  CHECK(refused.error().live->port() == a->stream->port());
  CHECK(refused.error().live->generation == a->stream->generation);

  again.on_conflict = conflict_policy::reuse;
  const auto reused = h.open(again);
  REQUIRE(reused);
  CHECK(reused->kind == open_kind::reused);
  CHECK(reused->stream->generation == a->stream->generation);

  again.on_conflict = conflict_policy::replace;
  const auto replaced = h.open(again);
  REQUIRE(replaced);
  CHECK(replaced->kind == open_kind::replaced);
  CHECK(replaced->stream->generation > a->stream->generation);
  CHECK(replaced->stream->state == stream_state::listening);
}

TEST_CASE("a query sees the first packet even before its notice has come") {
  harbour h;
  camera cam;
  const auto a = h.open("cam");
  cam.send(a->stream->port());
  h.poller.wait(net::duration::zero(), [&] { return h.lab.now(); });
  // The stream has counted the packet, its message to the supervisor still waits.
  const auto q = h.query("cam");
  REQUIRE(q);
  CHECK(q->state == stream_state::active);
  CHECK(q->counters.accepted == 1);
  CHECK(q->peer == cam.local());
}

TEST_CASE("a stream becomes stalled, active again, and ends by silence") {
  harbour h;
  camera cam;
  const auto port = h.open("cam")->stream->port();
  cam.send(port);
  h.receive();
  CHECK(h.query("cam")->state == stream_state::active);
  h.lab.advance(3100ms);
  CHECK(h.query("cam")->state == stream_state::stalled);
  CHECK(h.told(event_kind::stream_stalled) == 1);
  cam.send(port);
  h.receive();
  CHECK(h.query("cam")->state == stream_state::active);
  CHECK(h.told(event_kind::stream_active) == 2);
  h.lab.advance(14900ms);
  CHECK(h.query("cam"));
  h.lab.advance(300ms);
  CHECK_FALSE(h.query("cam"));
  REQUIRE(h.told(event_kind::stream_closed) == 1);
  CHECK(h.events.back().stream->reason == close_reason::went_silent);
}

TEST_CASE("each way to idle out has its own reason") {
  struct row {
    std::vector<std::uint8_t> junk;
    close_reason reason;
  };
  const auto row = GENERATE(
      values<struct row>({{{}, close_reason::never_fed}, {{0x80, 96, 0, 1}, close_reason::nothing_acceptable}}));
  harbour h;
  camera cam;
  const auto port = h.open("cam")->stream->port();
  if (!row.junk.empty()) cam.send_raw(port, row.junk);
  h.receive();
  CHECK(h.query("cam")->state == stream_state::listening);
  if (!row.junk.empty()) CHECK(h.query("cam")->last_reason.find("too_short") != std::string::npos);
  h.lab.advance(15200ms);
  REQUIRE(h.told(event_kind::stream_closed) == 1);
  CHECK(h.events.back().stream->reason == row.reason);
  CHECK(h.stats().reclaim_time.count == 1);
  CHECK(h.stats().reclaim_time.sum < 1.0);
}

TEST_CASE("a time-out of its own counts, and zero means never") {
  harbour h;
  auto quick = h.request("quick");
  quick.idle_after = 2s;
  auto lasting = h.request("lasting");
  lasting.idle_after = 0s;
  REQUIRE(h.open(quick));
  REQUIRE(h.open(lasting));
  h.lab.advance(2200ms);
  CHECK_FALSE(h.query("quick"));
  h.lab.advance(1h);
  CHECK(h.query("lasting"));
}

TEST_CASE("a changed node time-out acts on open streams that have none of their own") {
  harbour h;
  REQUIRE(h.open("cam"));
  h.settings.idle_after = 2s;
  h.apply();
  h.lab.advance(2200ms);
  CHECK_FALSE(h.query("cam"));
}

TEST_CASE("the idle check of a fed stream can be paused and resumed") {
  harbour h;
  camera cam;
  const auto port = h.open("cam")->stream->port();
  const auto check = [&](std::optional<net::duration> pause) {
    return h.lab.ask(h.supervisor, idle_check_request{h.key("cam"), pause});
  };
  const auto early = check(60s);
  REQUIRE_FALSE(early);
  CHECK(early.error().code == errc::not_published);
  cam.send(port);
  h.receive();
  REQUIRE(check(60s));
  h.lab.advance(50s);
  REQUIRE(h.query("cam"));
  CHECK(h.query("cam")->paused);
  REQUIRE(check(std::nullopt));
  h.lab.advance(14s);
  CHECK(h.query("cam"));
  h.lab.advance(2s);
  CHECK_FALSE(h.query("cam"));
}

TEST_CASE("a close is answered once the sockets are at rest, and names what was there") {
  harbour h;
  const auto a = h.open("cam");
  const auto c = h.close("cam");
  REQUIRE(c);
  CHECK(c->last->generation == a->stream->generation);
  CHECK_FALSE(h.query("cam"));
  CHECK(h.list().empty());
  CHECK(h.ports().figures.leased == 0);
  REQUIRE(h.ports().resting.size() == 1);
  CHECK(h.ports().resting[0].past.stream == "__defaultVhost__/rtp/cam");
  CHECK(h.poller.descriptors() == 0);
  CHECK(h.close("cam").error().code == errc::not_found);
}

TEST_CASE("a close can be meant for one generation only") {
  harbour h;
  const auto a = h.open("cam");
  const auto wrong = h.close("cam", a->stream->generation + 1);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == errc::generation_differs);
  CHECK(h.query("cam"));
  CHECK(h.close("cam", a->stream->generation));
}

TEST_CASE("of concurrent closes one hits, and all of them are answered after the end") {
  harbour h;
  REQUIRE(h.open("cam"));
  auto one = h.lab.self->request(h.supervisor, caf::infinite, close_request{h.key("cam"), {}, false});
  auto two = h.lab.self->request(h.supervisor, caf::infinite, close_request{h.key("cam"), {}, false});
  h.lab.run();
  int hits = 0;
  const auto count = [&](outcome<closed>& o) { hits += o ? 1 : 0; };
  one.receive(count, [](caf::error&) { FAIL("no answer"); });
  two.receive(count, [](caf::error&) { FAIL("no answer"); });
  CHECK(hits == 1);
}

TEST_CASE("an open on a closing key waits and gets a new life") {
  harbour h;
  const auto a = h.open("cam");
  auto closing = h.lab.self->request(h.supervisor, caf::infinite, close_request{h.key("cam"), {}, false});
  auto opening = h.lab.self->request(h.supervisor, caf::infinite, h.request("cam"));
  h.lab.run();
  closing.receive([](outcome<closed>& o) { CHECK(o); }, [](caf::error&) { FAIL("no answer"); });
  opening.receive(
      [&](outcome<opened>& o) {
        REQUIRE(o);
        CHECK(o->kind == open_kind::created);
        CHECK(o->stream->generation > a->stream->generation);
      },
      [](caf::error&) { FAIL("no answer"); });
}

TEST_CASE("late messages about a former life touch nobody") {
  harbour h;
  const auto a = h.open("cam");
  REQUIRE(h.close("cam"));
  const auto b = h.open("cam");
  caf::anon_send(h.supervisor, stream_notice{h.key("cam"), a->stream->generation});
  caf::anon_send(h.supervisor, ssrc_arrived{h.key("cam"), a->stream->generation, 1, nullptr});
  h.lab.run();
  CHECK(h.stats().late_messages == 2);
  CHECK(h.query("cam")->generation == b->stream->generation);
}

TEST_CASE("a failing step of an open leaves nothing behind and says why") {
  const auto which = GENERATE(0, 1, 2, 3);  // RTP, RTCP, TCP, the actor
  harbour h;
  if (which == 3)
    h.fail_placing = true;
  else
    h.failing.fault = [n = 0, which](socket_call, int, const net::endpoint&) mutable {
      return n++ == which ? EACCES : 0;
    };
  auto r = h.request("cam");
  h.port_in(r).mode = tcp_mode::passive;
  const auto a = h.open(r);
  REQUIRE_FALSE(a);
  CHECK(a.error().code == (which == 3 ? errc::internal : errc::no_port));
  CHECK_FALSE(a.error().text.empty());
  CHECK_FALSE(h.query("cam"));
  CHECK(h.ports().figures.leased == 0);
  CHECK(h.poller.descriptors() == 0);
  CHECK(h.load == 0);
  h.fail_placing = false;
  h.failing.fault = nullptr;
  CHECK(h.open(r));
}

TEST_CASE("a bad bind address and a port without room for RTCP are refused by name") {
  harbour h;
  auto r = h.request("cam");
  h.port_in(r).local_ip = "localhost";
  CHECK(h.open(r).error().code == errc::bad_address);
  h.port_in(r).local_ip = "192.0.2.1";
  CHECK(h.open(r).error().code == errc::bad_address);
  h.port_in(r).local_ip = "";
  h.port_in(r).port = 65535;
  CHECK(h.open(r).error().text.find("65535") != std::string::npos);
}

TEST_CASE("an exhausted range is refused with figures, raises the alarm, and clears it") {
  harbour h{4};
  h.settings.alarm.min_opens = 5;
  h.settings.alarm.window = 10s;
  h.apply();
  for (int i = 0; i < 4; ++i) REQUIRE(h.open("cam" + std::to_string(i)));
  h.lab.advance(200ms);
  REQUIRE(h.told(event_kind::alarm_raised) == 1);
  CHECK(h.events.back().alarm->name == "port_pool_low");
  const auto refused = h.open("one too many");
  CHECK(refused.error().code == errc::no_port);
  CHECK(refused.error().text.find("4 in use") != std::string::npos);
  h.lab.advance(200ms);
  CHECK(h.told(event_kind::alarm_raised) == 2);
  CHECK(h.events.back().alarm->name == "allocation_failures");
  CHECK(h.stats().alarms.size() == 2);
  REQUIRE(h.close("cam0"));
  h.lab.advance(11s);
  CHECK(h.told(event_kind::alarm_cleared) == 2);
}

TEST_CASE("a new SSRC filter acts on the next packet") {
  harbour h;
  camera cam{7};
  const auto port = h.open("cam")->stream->port();
  cam.send(port);
  h.receive();
  REQUIRE(h.lab.ask(h.supervisor, update_ssrc_request{h.key("cam"), 8}));
  cam.send(port);
  h.receive();
  const auto q = h.query("cam");
  CHECK(q->counters.accepted == 1);
  CHECK(q->counters.refused[static_cast<std::size_t>(net::refusal::wrong_ssrc)] == 1);
  CHECK(q->ssrc_filter == 8);
}

TEST_CASE("who is refused is named, with what the stream would have taken") {
  harbour h;
  const auto port = h.open("cam")->stream->port();
  camera own{7}, stranger{9};
  own.send(port);
  h.receive();
  stranger.send(port);
  h.receive();
  const auto why = h.query("cam")->last_reason;
  INFO(why);
  CHECK(why.find("wrong_source (1)") != std::string::npos);
  CHECK(why.find("from " + stranger.local().to_string() + " with SSRC 9") != std::string::npos);
  CHECK(why.find("source is " + own.local().to_string() + " (source_policy learn)") != std::string::npos);
}

TEST_CASE("lists are filtered and paged in the order of the keys") {
  harbour h{8};
  for (const auto* id : {"c", "a", "b", "ab"}) REQUIRE(h.open(id));
  list_request all;
  all.limit = 2;
  auto page = *h.lab.ask(h.supervisor, all);
  REQUIRE(page.streams.size() == 2);
  CHECK(page.next);
  CHECK(page.streams[0].key.stream == "a");
  CHECK(page.streams[1].key.stream == "ab");
  all.after = page.streams.back().key;
  page = *h.lab.ask(h.supervisor, all);
  REQUIRE(page.streams.size() == 2);
  CHECK_FALSE(page.next);
  list_request some;
  some.prefix = "a";
  CHECK(h.list(some).size() == 2);
  some = {};
  some.state = stream_state::active;
  CHECK(h.list(some).empty());
  some = {};
  some.app = "other";
  CHECK(h.list(some).empty());
}

TEST_CASE("shutdown closes every stream and frees every port") {
  harbour h;
  for (int i = 0; i < 4; ++i) REQUIRE(h.open("cam" + std::to_string(i)));
  CHECK(h.lab.ask(h.supervisor, shutdown_request{}));
  CHECK(h.told(event_kind::stream_closed) == 4);
  CHECK(h.poller.descriptors() == 0);
  CHECK(h.load == 0);
  for (auto p = h.settings.allocator.range.first; p < h.settings.allocator.range.last; ++p)
    CHECK(h.real.bind_udp(*net::endpoint::parse("127.0.0.1", p), {}));
}
