// Opens that take the place of a stream, and those that can not have what they need: then nothing has happened.
#include <cerrno>

#include "tests/support/catch.hpp"
#include "tests/support/harbour.hpp"

using namespace berth;
using namespace berth::actors;
using namespace berth::tests;
using namespace std::chrono_literals;

namespace {

/// A stream "cam", idle or live, and what a client asks for under its key.
struct berthed : harbour {
  explicit berthed(bool live, std::size_t pairs = 4) : harbour(pairs), is_live(live) {
    settings.on_conflict = conflict_policy::replace;
    apply();
    const auto made = open("cam");
    port = made->stream->port();
    generation = made->stream->generation;
    if (live) feed();
  }
  void feed() {
    sender.send(port);
    receive();
  }
  open_request other() const {
    auto r = request("cam");
    port_in(r).ssrc = 77;
    return r;
  }
  void check_untouched() {
    const auto now = query("cam");
    REQUIRE(now);
    CHECK(now->port() == port);
    CHECK(now->generation == generation);
    CHECK(now->state == (is_live ? stream_state::active : stream_state::listening));
    CHECK(told(event_kind::stream_closed) == 0);
    CHECK(told(event_kind::stream_opened) == 1);
    const auto before = now->counters.accepted;
    CHECK(before == (is_live ? 1 : 0));
    feed();
    CHECK(query("cam")->counters.accepted == before + 1);
    CHECK(stats().ports.leased == 1);
    REQUIRE(close("cam", generation));
    CHECK(poller.descriptors() == 0);
    CHECK(load == 0);
  }

  /// Another life, on the same port, for the same sender.
  void check_back() {
    const auto now = query("cam");
    REQUIRE(now);
    CHECK(now->port() == port);
    CHECK(now->generation > generation);
    CHECK(now->ssrc_filter == 0);
    CHECK(told(event_kind::stream_closed) == 1);
    CHECK(told(event_kind::stream_opened) == 2);
    feed();
    CHECK(query("cam")->counters.accepted == 1);
    CHECK(stats().ports.leased == 1);
    REQUIRE(close("cam", now->generation));
    CHECK(poller.descriptors() == 0);
    CHECK(load == 0);
  }

  camera sender;
  bool is_live;
  std::uint16_t port = 0;
  generation_t generation = 0;
};

}  // namespace

TEST_CASE("displacing: a port that another stream has is refused, and the stream that was there is untouched") {
  berthed h{GENERATE(false, true)};
  auto r = h.other();
  h.port_in(r).port = h.open("neighbour")->stream->port();
  const auto refused = h.open(r);
  CHECK(refused.error().code == errc::no_port);
  REQUIRE(h.close("neighbour"));
  h.events.erase(h.events.begin() + 1, h.events.end());
  h.check_untouched();
}

TEST_CASE("displacing: an address that is not this machine's is refused, and the stream that was there is untouched") {
  berthed h{GENERATE(false, true)};
  auto r = h.other();
  h.port_in(r).local_ip = "192.0.2.1";
  CHECK(h.open(r).error().code == errc::bad_address);
  h.check_untouched();
}

TEST_CASE("displacing: a pool of which nothing can be bound is refused, and the stream that was there is untouched") {
  berthed h{GENERATE(false, true)};
  h.failing.fault = [](socket_call, int, const net::endpoint&) { return EACCES; };
  CHECK(h.open(h.other()).error().code == errc::no_port);
  h.failing.fault = nullptr;
  h.check_untouched();
}

TEST_CASE("displacing: who wants the stream's own port, and can not have it, brings the stream back on it") {
  berthed h{GENERATE(false, true)};
  auto r = h.other();
  h.port_in(r).port = h.port;
  h.port_in(r).mode = tcp_mode::passive;
  h.failing.fault = [](socket_call call, int, const net::endpoint&) {
    return call == socket_call::listen_tcp ? EADDRINUSE : 0;
  };
  const auto refused = h.open(r);
  CHECK(refused.error().code == errc::no_port);
  CHECK(refused.error().text.find("listen tcp") != std::string::npos);
  h.failing.fault = nullptr;
  h.check_back();
}

TEST_CASE("displacing: who wants the stream's own port gets it") {
  berthed h{GENERATE(false, true)};
  auto r = h.other();
  h.port_in(r).port = h.port;
  h.port_in(r).mode = tcp_mode::passive;
  const auto made = h.open(r);
  REQUIRE(made);
  CHECK(made->kind == open_kind::replaced);
  CHECK(made->stream->port() == h.port);
  CHECK(made->stream->generation > h.generation);
  REQUIRE(h.events.size() >= 3);
  CHECK(h.events[h.events.size() - 2].kind == event_kind::stream_closed);
  CHECK(h.events.back().kind == event_kind::stream_opened);
}

TEST_CASE("displacing: the last pair of a range goes from the stream that ends to the one that comes") {
  berthed h{GENERATE(false, true), 1};
  const auto made = h.open(h.other());
  REQUIRE(made);
  CHECK(made->stream->port() == h.port);
}

TEST_CASE("displacing: a close that comes meanwhile closes what was there, and the open in vain changes nothing") {
  berthed h{true};
  auto r = h.other();
  h.port_in(r).port = h.port;
  h.port_in(r).mode = tcp_mode::passive;
  h.failing.fault = [](socket_call call, int, const net::endpoint&) {
    return call == socket_call::listen_tcp ? EADDRINUSE : 0;
  };
  auto opening = h.lab.self->request(h.supervisor, caf::infinite, r);
  auto closing = h.lab.self->request(h.supervisor, caf::infinite, close_request{h.key("cam"), {}, false});
  h.lab.run();
  opening.receive([](outcome<opened>& o) { CHECK(o.error().code == errc::no_port); },
                  [](caf::error&) { FAIL("no answer"); });
  closing.receive([](outcome<closed>& o) { CHECK(o); }, [](caf::error&) { FAIL("no answer"); });
  CHECK_FALSE(h.query("cam"));
  CHECK(h.told(event_kind::stream_closed) == 1);
}

TEST_CASE("displacing: opens that wait behind one in vain find the stream that came back") {
  berthed h{false};
  auto r = h.other();
  h.port_in(r).port = h.port;
  h.port_in(r).mode = tcp_mode::passive;
  h.failing.fault = [](socket_call call, int, const net::endpoint&) {
    return call == socket_call::listen_tcp ? EADDRINUSE : 0;
  };
  auto first = h.lab.self->request(h.supervisor, caf::infinite, r);
  auto second = h.lab.self->request(h.supervisor, caf::infinite, h.request("cam"));
  h.lab.run();
  first.receive([](outcome<opened>& o) { CHECK_FALSE(o); }, [](caf::error&) { FAIL("no answer"); });
  second.receive(
      [&](outcome<opened>& o) {
        REQUIRE(o);
        CHECK(o->kind == open_kind::same);
        CHECK(o->stream->generation > h.generation);
      },
      [](caf::error&) { FAIL("no answer"); });
  h.failing.fault = nullptr;
  h.check_back();
}

TEST_CASE("displacing: what the node is to fetch ends no port that somebody was told, whether it could be had or not") {
  berthed h{GENERATE(false, true)};
  auto r = h.request("cam");
  r.what = sourced{.source = std::make_shared<net::source_options>(net::source_options{.url = "rtsp://192.0.2.1/cam"}),
                   .publish = publish_options{}};
  const auto refused = h.lab.ask(h.supervisor, r);
  CHECK(refused.error().code == errc::stream_live);
  CHECK(refused.error().live->port() == h.port);
  CHECK(h.sources.all.empty());
  h.check_untouched();
}

TEST_CASE("displacing: an odd port that straddles the last pair is not given up for a pair that is not there") {
  harbour h{3};
  h.settings.on_conflict = conflict_policy::replace;
  h.apply();
  REQUIRE(h.open("a"));
  REQUIRE(h.open("b"));
  auto odd = h.request("cam");
  h.port_in(odd).port = h.settings.allocator.range.last;
  const auto made = h.open(odd);
  REQUIRE(made);
  camera sender;
  sender.send(made->stream->port());
  h.receive();
  const auto refused = h.open(h.request("cam"));
  CHECK(refused.error().code == errc::no_port);
  const auto now = h.query("cam");
  REQUIRE(now);
  CHECK(now->generation == made->stream->generation);
  CHECK(now->state == stream_state::active);
  CHECK(now->counters.accepted == 1);
}

TEST_CASE("the name of the node's own shared port is nobody else's, whether it is open or not") {
  harbour h;
  const bool is_open = GENERATE(false, true);
  auto r = h.request("");
  r.key = configured_key();
  multiplex_port own;
  own.configured = true;
  r.what = own;
  if (is_open) REQUIRE(h.open(r));
  r.what = rtp_port{};
  const auto refused = h.open(r);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::shared_port);
  CHECK(h.told(event_kind::stream_closed) == 0);
}
