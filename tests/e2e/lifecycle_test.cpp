// How streams and ports end: by silence, by a signal, in quarantine, and what happens when there are no more ports.
#include <signal.h>

#include <set>

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sanitized.hpp"

using namespace berth::tests;
using steady = std::chrono::steady_clock;

namespace {

/// A time-out that is waited for, and the time after which that is late: short, where everything is.
constexpr int seconds = sanitized ? 3 : 1;
constexpr std::chrono::milliseconds time_out = std::chrono::seconds{seconds};
const auto time_out_sec = std::to_string(seconds);

std::optional<object> resting_port(node& n, std::uint16_t port) {
  const auto ports = n.v1.ports();
  for (const auto& r : ports.at("resting").as_array())
    if (number(r.as_object(), "port") == port) return r.as_object();
  return std::nullopt;
}

}  // namespace

TEST_CASE("idle: a stream that is never fed goes at its deadline, not before, and within a second after it") {
  node n{{{"rtp_proxy.timeoutSec", time_out_sec}}};
  const auto before = steady::now();
  const auto port = n.port_of("cam", {{"tcp_mode", "1"}});
  const auto opened = steady::now();
  REQUIRE(eventually(soon, [&] { return !n.listed("cam"); }));
  const auto gone = steady::now();
  CHECK(gone - before >= time_out);
  CHECK(gone - opened < 2 * time_out);
  // Nobody sees a stream that is closing; its sockets follow at once.
  CHECK(eventually(time_out, [&] { return !tcp_port_listening(port); }));
  CHECK_FALSE(n.exists("cam"));
  CHECK(eventually(time_out, [&] { return number(n.v1.ports(), "leased") == 0; }));
  CHECK(n.port_of("cam") != 0);
}

TEST_CASE("idle: packets keep a stream, junk does not, and silence ends it a time-out after the last packet") {
  node n{{{"rtp_proxy.timeoutSec", time_out_sec}, {"rtp_proxy.stall_ms", "500"}}};
  const auto fed = n.port_of("fed"), junk = n.port_of("junk");
  rtp_sender camera;
  auto last = steady::now();
  CHECK(throughout(time_out * 3 / 2, [&] {
    last = steady::now();
    camera.send(fed);
    camera.send_raw(junk, {1, 2, 3});
    return n.listed("fed");
  }));
  CHECK_FALSE(n.listed("junk"));
  CHECK(eventually(soon, [&] { return text(n.info("fed"), "state") == "stalled"; }));
  CHECK(n.exists("fed"));
  REQUIRE(eventually(soon, [&] { return !n.exists("fed"); }));
  const auto silence = steady::now() - last;
  CHECK(silence >= time_out);
  CHECK(silence < 2 * time_out);
}

TEST_CASE("idle: a stalled stream is active again with the next packet") {
  node n{{{"rtp_proxy.stall_ms", "500"}}};
  const auto port = n.port_of("cam");
  rtp_sender camera;
  const auto is = [&](const char* state) {
    return eventually(soon, [&] { return text(n.info("cam"), "state") == state; });
  };
  for (int i = 0; i < 3; ++i) {
    camera.send(port);
    REQUIRE(is("active"));
    REQUIRE(is("stalled"));
    CHECK(n.exists("cam"));
  }
}

TEST_CASE("idle: timeout_sec is the stream's own, 0 means never, and asking again starts the clock anew") {
  node n{{{"rtp_proxy.timeoutSec", time_out_sec}}};
  n.port_of("patient", {{"timeout_sec", "60"}});
  n.port_of("eternal", {{"timeout_sec", "0"}});
  n.port_of("asked");
  const auto opened = steady::now();
  while (steady::now() - opened < time_out * 9 / 5)
    REQUIRE(eventually(soon, [&] { return number(n.open("asked"), "generation") > 0 && n.listed("asked"); }));
  CHECK(number(n.open("asked"), "generation") == number(*n.item("asked"), "generation"));
  CHECK(n.listed("patient"));
  CHECK(n.listed("eternal"));
  CHECK(number(n.v1.stream("patient"), "idle_timeout_sec") == 60);
  CHECK(number(n.v1.stream("eternal"), "idle_timeout_sec") == 0);
}

TEST_CASE("idle: setServerConfig rtp_proxy.timeoutSec acts on open streams that have no time-out of their own") {
  node n;
  n.port_of("cam");
  n.port_of("own", {{"timeout_sec", "60"}});
  REQUIRE(number(n.call("setServerConfig", {{"rtp_proxy.timeoutSec", time_out_sec}}), "changed") == 1);
  CHECK(eventually(soon, [&] { return !n.listed("cam"); }));
  CHECK(n.listed("own"));
}

TEST_CASE("pause suspends the idle check for its seconds, resume starts the clock anew") {
  node n{{{"rtp_proxy.timeoutSec", time_out_sec}}};
  const auto paused = n.port_of("paused"), resumed = n.port_of("resumed");
  rtp_sender camera;
  camera.send(paused);
  camera.send(resumed);
  REQUIRE(n.reaches("paused", "packets", 1));
  REQUIRE(n.reaches("resumed", "packets", 1));
  const auto begin = steady::now();
  REQUIRE(n.code("pauseRtpCheck", {{"stream_id", "paused"}, {"pause_seconds", std::to_string(3 * seconds)}}) == 0);
  REQUIRE(n.code("pauseRtpCheck", {{"stream_id", "resumed"}, {"pause_seconds", "60"}}) == 0);
  CHECK(throughout(time_out * 3 / 2, [&] { return n.exists("paused") && n.exists("resumed"); }));
  const auto resume = steady::now();
  REQUIRE(n.code("resumeRtpCheck", {{"stream_id", "resumed"}}) == 0);
  REQUIRE(eventually(soon, [&] { return !n.exists("resumed"); }));
  CHECK(steady::now() - resume >= time_out);
  CHECK(steady::now() - resume < 2 * time_out);
  // The pause took the place of the time-out: it is not added to it.
  REQUIRE(eventually(soon, [&] { return !n.exists("paused"); }));
  CHECK(steady::now() - begin >= 3 * time_out);
  CHECK(steady::now() - begin < 4 * time_out);
}

TEST_CASE(
    "quarantine: who keeps sending after the close never feeds the stream that gets the port next, and is named") {
  node n{{{"rtp_proxy.quarantine_sec", time_out_sec}}};
  rtp_sender stubborn{0x1111}, rightful{0x2222};
  const auto port = n.port_of("first");
  stubborn.send(port, 5);
  REQUIRE(n.reaches("first", "packets", 5));
  REQUIRE(n.close("first") == 1);

  // How much comes to a resting port does not matter, and its buffer is small: that something comes is noticed.
  stubborn.send(port, 7);
  REQUIRE(eventually(soon, [&] {
    const auto r = resting_port(n, port);
    return r && number(*r, "datagrams") > 0;
  }));
  const auto r = resting_port(n, port);
  CHECK(text(*r, "former_stream") == "__defaultVhost__/rtp/first");
  CHECK(text(*r, "sender") == stubborn.local().to_string());
  CHECK(number(*r, "silent_ms") >= 0);

  // For as long as it sends, the port rests: longer than the silence that would free it.
  CHECK(throughout(time_out * 3 / 2, [&] {
    stubborn.send(port);
    return resting_port(n, port).has_value();
  }));
  stubborn.send(port, 3);
  REQUIRE(n.port_of("second", {{"port", std::to_string(port)}}) == port);
  CHECK(throughout(time_out * 3 / 2, [&] {
    stubborn.send(port);
    return !n.exists("second");
  }));
  rightful.send(port, 4);
  REQUIRE(n.reaches("second", "packets", 4));
  CHECK(number(n.info("second"), "ssrc_seen") == 0x2222);
  CHECK(text(n.info("second"), "peer") == rightful.local().to_string());
  CHECK(adds_up(n.v1.stream("second")));
}

TEST_CASE("quarantine: a silent port is free again after rtp_proxy.quarantine_sec, and bound until then") {
  node n{{{"rtp_proxy.quarantine_sec", "3600"}}};
  const auto port = n.port_of("cam");
  REQUIRE(n.close("cam") == 1);
  CHECK(udp_port_bound(port));
  CHECK(resting_port(n, port));
  REQUIRE(number(n.call("setServerConfig", {{"rtp_proxy.quarantine_sec", "0.5"}}), "changed") == 1);
  CHECK(eventually(soon, [&] { return !resting_port(n, port); }));
  CHECK_FALSE(udp_port_bound(port));
  CHECK(number(n.v1.ports(), "free") == number(n.v1.ports(), "size"));

  REQUIRE(number(n.call("setServerConfig", {{"rtp_proxy.quarantine_sec", "0"}}), "changed") == 1);
  const auto other = n.port_of("cam");
  REQUIRE(n.close("cam") == 1);
  CHECK_FALSE(udp_port_bound(other));
}

TEST_CASE("quarantine: under pressure the longest-silent port goes first, and its former sender stays unheard") {
  node n{{}, 4};
  rtp_sender stubborn{0x1111};
  std::vector<std::uint16_t> ports;
  for (int i = 0; i < 4; ++i) ports.push_back(n.port_of("old" + std::to_string(i)));
  stubborn.send(ports[2], 2);
  REQUIRE(n.reaches("old2", "packets", 2));
  for (int i = 0; i < 4; ++i) REQUIRE(n.close("old" + std::to_string(i)) == 1);
  CHECK(n.port_of("new0") == ports[0]);
  CHECK(n.port_of("new1") == ports[1]);
  CHECK(n.port_of("new2") == ports[2]);
  stubborn.send(ports[2], 3);
  CHECK(eventually(soon, [&] { return n.refused("new2", "resting") == 3; }));
  CHECK_FALSE(n.exists("new2"));
  CHECK(number(n.v1.ports(), "taken_early") == 3);
}

TEST_CASE("fallback: a port of the range that another program holds is passed over and counted") {
  node n{{}, 4};
  const auto first = n.daemon.ports().first();
  const auto rtp = foreign_udp_socket(first);
  const auto rtcp = foreign_udp_socket(static_cast<std::uint16_t>(first + 3));
  std::set<std::uint16_t> got{n.port_of("a"), n.port_of("b")};
  CHECK(got == std::set<std::uint16_t>{static_cast<std::uint16_t>(first + 4), static_cast<std::uint16_t>(first + 6)});
  const auto none = n.open("c");
  CHECK(number(none, "code") == -400);
  const auto ports = n.v1.ports();
  CHECK(number(ports.at("bind_failures").as_object(), "address_in_use") >= 2);
  CHECK(number(ports, "leased") == 2);
  CHECK(number(ports, "free") == 0);
  CHECK(number(ports, "set_aside") == 2);
  CHECK(text(none, "msg").find("2 of another program") != std::string::npos);
  CHECK_FALSE(n.listed("c"));
}

TEST_CASE("exhaustion: -400 with the figures, and a close makes room again") {
  node n{{}, 4};
  for (int i = 0; i < 4; ++i) n.port_of("cam" + std::to_string(i));
  const auto none = n.open("more");
  CHECK(number(none, "code") == -400);
  const auto said = text(none, "msg");
  INFO(said);
  CHECK(said.find(n.daemon.ports().text()) != std::string::npos);
  CHECK(said.find("4 pairs") != std::string::npos);
  CHECK(said.find("0 free") != std::string::npos);
  CHECK(said.find("4 in use") != std::string::npos);
  CHECK_FALSE(n.listed("more"));
  CHECK(n.v1.put("/v1/streams/more").status == 503);
  REQUIRE(n.close("cam1") == 1);
  CHECK(n.port_of("more") != 0);
}

TEST_CASE("SIGTERM with 200 streams, fed and unfed: all sockets closed and exit 0 within five seconds") {
  node n{{}, 200};
  std::vector<std::uint16_t> ports;
  for (int i = 0; i < 200; ++i)
    ports.push_back(n.port_of("cam" + std::to_string(i), {{"tcp_mode", i % 2 == 0 ? "1" : "0"}}));
  rtp_sender camera;
  for (int i = 0; i < 200; i += 4) camera.send(ports[static_cast<std::size_t>(i)]);
  rtp_tcp_sender device{ports[0], tcp_prefix::two_bytes};
  device.send(1);
  REQUIRE(eventually(soon, [&] { return n.exists("cam196"); }));
  n.close("cam1");  // one at rest
  const auto end = n.daemon.stop(10s);
  CHECK(end.status == 0);
  CHECK(end.took < 5s);
  for (const auto port : ports) {
    CHECK_FALSE(udp_port_bound(port));
    CHECK_FALSE(udp_port_bound(static_cast<std::uint16_t>(port + 1)));
    CHECK_FALSE(tcp_port_listening(port));
  }
  CHECK(device.closed_by_peer());
}

TEST_CASE("SIGTERM while clients talk: each gets its answer or a closed connection, and the exit is clean") {
  node n;
  http_client idle{n.daemon.http_port()};
  CHECK(idle.get("/v1/health/live").status == 200);
  n.port_of("cam");
  n.daemon.signal(SIGTERM);
  // Until the end, health says that this node is on its way out, or nobody answers any more.
  eventually(soon, [&] {
    try {
      return n.peer.client().get("/v1/health/ready").status != 200;
    } catch (const std::runtime_error&) {
      return true;
    }
  });
  const auto end = n.daemon.wait(10s);
  CHECK(end.status == 0);
}

TEST_CASE("SIGHUP reads the configuration again and disturbs no stream") {
  node n;
  const auto port = n.port_of("cam");
  n.daemon.signal(SIGHUP);
  CHECK(eventually(soon,
                   [&] { return (n.daemon.errors() + n.daemon.output()).find("read again") != std::string::npos; }));
  CHECK(number(*n.item("cam"), "port") == port);
}
