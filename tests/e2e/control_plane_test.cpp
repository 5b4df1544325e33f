// ZLMediaKit's face, call by call, as its clients see it on the wire.
#include <signal.h>

#include <set>

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"

using namespace berth::tests;

TEST_CASE("openRtpServer: port 0 gives an even port of the range, bound with its RTCP port before the answer") {
  node n;
  const auto answer = n.open("cam");
  CHECK(number(answer, "code") == 0);
  CHECK(text(answer, "state") == "listening");
  CHECK(number(answer, "generation") > 0);
  const auto port = node::port_in(answer);
  CHECK(port % 2 == 0);
  CHECK(port >= n.daemon.ports().first());
  CHECK(port < n.daemon.ports().last());
  CHECK(udp_port_bound(port));
  CHECK(udp_port_bound(static_cast<std::uint16_t>(port + 1)));
  CHECK_FALSE(tcp_port_listening(port));
  CHECK(tcp_port_listening(n.port_of("tcp", {{"tcp_mode", "1"}})));
  CHECK(tcp_port_listening(n.port_of("legacy", {{"enable_tcp", "1"}})));
}

TEST_CASE(
    "openRtpServer: arguments come in the query, a form or JSON, the secret in a header too, and the query wins") {
  node n;
  auto& http = n.peer.client();
  const auto& secret = n.daemon.secret();
  const auto opened = [](const http_answer& a) {
    CHECK(a.status == 200);
    CHECK(a.header("Content-Type").starts_with("application/json"));
    return node::port_in(a.json().as_object());
  };
  const auto port = n.port_of("cam");
  CHECK(opened(http.post_form("/index/api/openRtpServer", {{"secret", secret}, {"port", "0"}, {"stream_id", "cam"}})) ==
        port);
  CHECK(opened(http.post_json("/index/api/openRtpServer",
                              object{{"secret", secret}, {"port", 0}, {"stream_id", "cam"}})) == port);
  CHECK(opened(http.get("/index/api/openRtpServer?port=0&stream_id=cam", {{"secret", secret}})) == port);
  CHECK(opened(http.get("/INDEX/api/OPENrtpSERVER?PORT=0&Stream_ID=cam&Secret=" + secret)) == port);
  CHECK(opened(http.post_json("/index/api/openRtpServer?stream_id=cam",
                              object{{"secret", secret}, {"port", 0}, {"stream_id", "other"}})) == port);
  CHECK_FALSE(n.listed("other"));
  // A nested member costs nothing but itself.
  CHECK(opened(http.post_json(
            "/index/api/openRtpServer",
            object{{"secret", secret}, {"a", boost::json::array{1}}, {"port", 0}, {"stream_id", "cam"}})) == port);
  CHECK(http.connections() == 1);
}

TEST_CASE("openRtpServer: stream ids may contain blanks, slashes and any letters, and apps keep them apart") {
  node n;
  std::set<std::uint16_t> ports;
  for (const auto* id : {"a b", "a/b", "a", "\xe6\x91\x84\xe5\x83\x8f", "a?b&c=d%41"}) ports.insert(n.port_of(id));
  ports.insert(n.port_of("a", {{"app", "live"}}));
  CHECK(ports.size() == 6);
  for (const auto* id : {"a b", "a/b", "a", "\xe6\x91\x84\xe5\x83\x8f", "a?b&c=d%41"}) CHECK(n.listed(id));
  CHECK(n.close("a/b") == 1);
  CHECK(n.listed("a"));
  // Without virtual hosts the vhost does not matter, and the default app is rtp.
  CHECK(ports.count(n.port_of("a", {{"vhost", "some.host"}, {"app", "rtp"}})) == 1);
}

TEST_CASE("openRtpServer: an idle key with the same parameters is given the same port and generation again") {
  node n;
  const auto first = n.open("cam", {{"ssrc", "0100000001"}, {"tcp_mode", "1"}});
  const auto again = n.open("cam", {{"ssrc", "100000001"}, {"tcp_mode", "1"}});
  CHECK(number(again, "code") == 0);
  CHECK(number(again, "port") == number(first, "port"));
  CHECK(number(again, "generation") == number(first, "generation"));
}

TEST_CASE("openRtpServer: an idle key with other parameters gets them, as a new generation") {
  node n;
  const auto first = n.open("cam");
  const auto other = n.open("cam", {{"ssrc", "77"}});
  CHECK(number(other, "code") == 0);
  CHECK(number(other, "generation") > number(first, "generation"));
  const auto item = n.item("cam");
  REQUIRE(item);
  CHECK(number(*item, "ssrc") == 77);
  CHECK(number(*item, "port") == number(other, "port"));
  CHECK(n.call("listRtpServer").at("data").as_array().size() == 1);
}

TEST_CASE("openRtpServer: a live key is refused with -300 and what is there, and stays as it is") {
  node n;
  const auto opened = n.open("cam");
  const auto port = node::port_in(opened);
  rtp_sender camera;
  camera.send(port, 3);
  REQUIRE(n.reaches("cam", "packets", 3));
  const auto refused = n.open("cam");
  CHECK(number(refused, "code") == -300);
  CHECK(text(refused, "msg").starts_with("This stream already exists"));
  CHECK(number(refused, "port") == port);
  CHECK(text(refused, "state") == "active");
  CHECK(number(refused, "generation") == number(opened, "generation"));
  camera.send(port, 2);
  CHECK(n.reaches("cam", "packets", 5));
}

TEST_CASE("openRtpServer: on_conflict=reuse hands out the live port, replace opens anew") {
  node n;
  const auto opened = n.open("cam");
  const auto port = node::port_in(opened);
  rtp_sender camera;
  camera.send(port, 3);
  REQUIRE(n.reaches("cam", "packets", 3));

  const auto reused = n.open("cam", {{"on_conflict", "reuse"}});
  CHECK(number(reused, "code") == 0);
  CHECK(number(reused, "port") == port);
  CHECK(number(reused, "generation") == number(opened, "generation"));
  CHECK(text(reused, "state") == "active");

  const auto replaced = n.open("cam", {{"on_conflict", "replace"}});
  CHECK(number(replaced, "code") == 0);
  CHECK(number(replaced, "generation") > number(opened, "generation"));
  CHECK(text(replaced, "state") == "listening");
  CHECK_FALSE(n.exists("cam"));

  const auto unknown = n.open("cam", {{"on_conflict", "maybe"}});
  CHECK(number(unknown, "code") == -300);
  CHECK(text(unknown, "msg").find("on_conflict") != std::string::npos);
}

TEST_CASE("openRtpServer: rtp_proxy.on_conflict is the node's answer to a live key") {
  node n{{{"rtp_proxy.on_conflict", "reuse"}}};
  const auto port = n.port_of("cam");
  rtp_sender camera;
  camera.send(port);
  REQUIRE(n.reaches("cam", "packets", 1));
  CHECK(n.port_of("cam") == port);
  CHECK(n.code("openRtpServer", node::with("cam", {{"on_conflict", "error"}})) == -300);
}

TEST_CASE("openRtpServer: an explicit port is bound exactly, odd and outside of the range too, and once only") {
  node n;
  const reserved_ports outside{2};
  const auto odd = static_cast<std::uint16_t>(outside.first() + 1);
  CHECK(n.port_of("cam", {{"port", std::to_string(odd)}}) == odd);
  CHECK(udp_port_bound(odd));
  CHECK(udp_port_bound(static_cast<std::uint16_t>(odd + 1)));
  const auto taken = n.open("other", {{"port", std::to_string(odd)}});
  CHECK(number(taken, "code") == -400);
  CHECK(text(taken, "msg").find(std::to_string(odd)) != std::string::npos);
  // The RTCP port of one stream is nobody's RTP port.
  CHECK(n.code("openRtpServer", node::with("other", {{"port", std::to_string(odd + 1)}})) == -400);
  CHECK(n.close("cam") == 1);
  CHECK(n.port_of("other", {{"port", std::to_string(odd)}}) == odd);
}

TEST_CASE("openRtpServer: an address that is not on the machine is -400, and leaves nothing behind") {
  node n;
  const auto before = n.v1.ports();
  const auto answer = n.open("cam", {{"local_ip", "192.0.2.1"}});
  CHECK(number(answer, "code") == -400);
  CHECK(text(answer, "msg").find("192.0.2.1") != std::string::npos);
  CHECK(n.code("openRtpServer", node::with("cam", {{"local_ip", "no-address"}})) == -400);
  const auto after = n.v1.ports();
  CHECK(number(after, "free") == number(before, "free"));
  CHECK(number(after, "leased") == 0);
  CHECK_FALSE(n.listed("cam"));
}

TEST_CASE("openRtpServer: junk numbers are -300 and name the field") {
  node n;
  const std::vector<std::pair<std::string, std::string>> junk{
      {"port", "abc"},   {"port", "31040abc"},   {"port", "70000"},      {"port", "-1"}, {"port", "0x7918"},
      {"port", "12.7"},  {"ssrc", "junk"},       {"ssrc", "4294967296"}, {"ssrc", "-5"}, {"ssrc", "0x12345678"},
      {"tcp_mode", "x"}, {"only_track", "loud"}, {"timeout_sec", "soon"}};
  for (const auto& [name, value] : junk) {
    INFO(name << "=" << value);
    const auto answer = n.open("cam", {{name, value}});
    CHECK(number(answer, "code") == -300);
    CHECK(text(answer, "msg").find(name) != std::string::npos);
    CHECK(text(answer, "msg").find(value) != std::string::npos);
  }
  CHECK(n.call("listRtpServer").at("data").as_array().empty());
  CHECK(n.port_of("cam", {{"ssrc", "4294967295"}}) != 0);
  CHECK(n.peer.client().connections() == 1);
}

TEST_CASE("openRtpServerMultiplex: one port without RTCP, listed under its key, SSRC arguments do not matter") {
  node n;
  const auto opened = n.call("openRtpServerMultiplex", {{"port", "0"}, {"stream_id", "gate"}, {"ssrc", "5"}});
  const auto port = node::port_in(opened);
  CHECK(udp_port_bound(port));
  const auto item = n.item("gate");
  REQUIRE(item);
  CHECK(number(*item, "port") == port);
  CHECK(number(*item, "ssrc") == 0);
  CHECK(node::port_in(n.call("openRtpServerMultiplex", {{"port", "0"}, {"stream_id", "gate"}})) == port);
  const auto filtered = n.call("updateRtpServerSSRC", {{"stream_id", "gate"}, {"ssrc", "7"}});
  CHECK(number(filtered, "code") == -300);
  CHECK(text(filtered, "msg").find("shared port") != std::string::npos);
  const auto active = n.call("openRtpServerMultiplex", {{"port", "0"}, {"stream_id", "a"}, {"tcp_mode", "2"}});
  CHECK(number(active, "code") == -300);
  CHECK(text(active, "msg").starts_with("tcp_mode"));
  CHECK(n.close("gate") == 1);
  CHECK_FALSE(n.listed("gate"));
}

TEST_CASE("closeRtpServer: hit 1 once the port can be asked for again, else hit 0, never an error") {
  node n;
  const auto unknown = n.call("closeRtpServer", {{"stream_id", "nobody"}});
  CHECK(number(unknown, "code") == 0);
  CHECK(number(unknown, "hit") == 0);
  for (const auto* mode : {"0", "1"}) {
    const auto port = std::to_string(n.port_of("cam", {{"tcp_mode", mode}}));
    for (int i = 0; i < 50; ++i) {
      REQUIRE(n.close("cam") == 1);
      REQUIRE(n.port_of("cam", {{"port", port}, {"tcp_mode", mode}}) == std::stoi(port));
    }
    CHECK(n.close("cam") == 1);
    CHECK_FALSE(tcp_port_listening(static_cast<std::uint16_t>(std::stoi(port))));
  }
  CHECK(n.close("cam") == 0);
  CHECK_FALSE(n.listed("cam"));
  CHECK_FALSE(n.exists("cam"));
}

TEST_CASE("getRtpInfo: exist is false for an unknown and an idle key, true with addresses from the first packet on") {
  node n;
  CHECK_FALSE(n.exists("cam"));
  const auto port = n.port_of("cam");
  const auto idle = n.info("cam");
  CHECK(number(idle, "code") == 0);
  CHECK_FALSE(flag(idle, "exist"));
  CHECK(text(idle, "state") == "listening");
  CHECK(number(idle, "port") == port);
  CHECK_FALSE(idle.contains("local_port"));

  rtp_sender camera;
  camera.send(port);
  REQUIRE(eventually(soon, [&] { return n.exists("cam"); }));
  const auto live = n.info("cam");
  CHECK(number(live, "local_port") == port);
  CHECK(text(live, "local_ip") == "127.0.0.1");
  CHECK(text(live, "peer_ip") == "127.0.0.1");
  CHECK(number(live, "peer_port") == camera.local().port());
  CHECK(text(live, "identifier") == "cam");
  CHECK(text(live, "peer") == camera.local().to_string());
  CHECK(number(live, "ssrc_seen") == 0x1234);
  CHECK(number(live, "payload_type") == 96);
  CHECK(n.close("cam") == 1);
  CHECK_FALSE(n.exists("cam"));
}

TEST_CASE("listRtpServer: an empty array, then every server with the parameters it was opened with") {
  node n;
  CHECK(n.call("listRtpServer").at("data").as_array().empty());
  const auto port = n.port_of("cam", {{"app", "live"}, {"tcp_mode", "1"}, {"only_track", "2"}, {"ssrc", "0000000077"}});
  n.port_of("other", {{"tcp_mode", "2"}, {"only_audio", "1"}});
  const auto cam = n.item("cam");
  REQUIRE(cam);
  CHECK(text(*cam, "vhost") == "__defaultVhost__");
  CHECK(text(*cam, "app") == "live");
  CHECK(number(*cam, "port") == port);
  CHECK(number(*cam, "ssrc") == 77);
  CHECK(number(*cam, "tcp_mode") == 1);
  CHECK(number(*cam, "only_track") == 2);
  CHECK(text(*cam, "state") == "listening");
  CHECK(number(*cam, "packets") == 0);
  const auto other = n.item("other");
  REQUIRE(other);
  CHECK(number(*other, "tcp_mode") == 2);
  CHECK(number(*other, "only_track") == 1);
  CHECK(number(*other, "port") > 0);
}

TEST_CASE("updateRtpServerSSRC: decimal in spite of leading zeros, unknown is -500, junk -300") {
  node n;
  n.port_of("cam");
  CHECK(n.code("updateRtpServerSSRC", {{"stream_id", "cam"}, {"ssrc", "0200000042"}}) == 0);
  CHECK(number(*n.item("cam"), "ssrc") == 200000042);
  const auto unknown = n.call("updateRtpServerSSRC", {{"stream_id", "nobody"}, {"ssrc", "1"}});
  CHECK(number(unknown, "code") == -500);
  CHECK(text(unknown, "msg") == "RtpServer not found by stream_id");
  const auto junk = n.call("updateRtpServerSSRC", {{"stream_id", "cam"}, {"ssrc", "many"}});
  CHECK(number(junk, "code") == -300);
  CHECK(text(junk, "msg").find("ssrc") != std::string::npos);
  CHECK(number(*n.item("cam"), "ssrc") == 200000042);
}

TEST_CASE("pauseRtpCheck and resumeRtpCheck: -500 with a reason while nothing is published, 0 while it is") {
  node n;
  for (const auto* name : {"pauseRtpCheck", "resumeRtpCheck"}) {
    const auto unknown = n.call(name, {{"stream_id", "cam"}});
    CHECK(number(unknown, "code") == -500);
    CHECK_FALSE(text(unknown, "msg").empty());
  }
  const auto port = n.port_of("cam");
  CHECK(n.code("pauseRtpCheck", {{"stream_id", "cam"}}) == -500);
  rtp_sender camera;
  camera.send(port);
  REQUIRE(n.reaches("cam", "packets", 1));
  CHECK(n.code("pauseRtpCheck", {{"stream_id", "cam"}, {"pause_seconds", "20"}}) == 0);
  CHECK(n.code("resumeRtpCheck", {{"stream_id", "cam"}}) == 0);
  CHECK(n.code("pauseRtpCheck", {{"stream_id", "cam"}, {"pause_seconds", "x"}}) == -300);
  CHECK(n.peer.client().connections() == 1);
}
