// The peer's face, call by call, as its clients see it on the wire.
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

TEST_CASE(
    "missing arguments are -300 with the whole list, an empty value is a missing one, and the connection is kept") {
  node n;
  const std::string missed = "Required parameter missed: ";
  const std::vector<std::pair<std::string, std::string>> lists{
      {"openRtpServer", R"("port", "stream_id")"},
      {"openRtpServerMultiplex", R"("port", "stream_id")"},
      {"getRtpInfo", R"("stream_id")"},
      {"closeRtpServer", R"("stream_id")"},
      {"pauseRtpCheck", R"("stream_id")"},
      {"resumeRtpCheck", R"("stream_id")"},
      {"connectRtpServer", R"("stream_id", "dst_url", "dst_port")"},
      {"updateRtpServerSSRC", R"("stream_id", "ssrc")"},
      {"startSendRtp", R"("vhost", "app", "stream", "ssrc", "dst_url", "dst_port", "is_udp")"},
      {"startSendRtpPassive", R"("vhost", "app", "stream", "ssrc")"},
      {"startSendRtpTalk", R"("vhost", "app", "stream", "ssrc", "recv_stream_id")"},
      {"listRtpSender", R"("vhost", "app", "stream")"},
      {"stopSendRtp", R"("vhost", "app", "stream")"},
      {"isMediaOnline", R"("schema","vhost","app","stream")"},
      {"getMediaInfo", R"("schema","vhost","app","stream")"},
      {"close_stream", R"("schema","vhost","app","stream")"},
      {"getMediaPlayerList", R"("schema", "vhost", "app", "stream")"},
      {"startRecord", R"("type","vhost","app","stream")"},
      {"stopRecord", R"("type","vhost","app","stream")"},
      {"isRecording", R"("type","vhost","app","stream")"},
      {"addStreamProxy", R"("vhost","app","stream","url")"},
      {"kick_session", R"("id")"},
      {"getSnap", R"("url", "timeout_sec", "expire_sec")"},
  };
  for (const auto& [name, list] : lists) {
    INFO(name);
    const auto answer = n.call(name);
    CHECK(number(answer, "code") == -300);
    CHECK(text(answer, "msg") == missed + list);
  }
  CHECK(text(n.call("openRtpServer", {{"port", "0"}}), "msg") == missed + R"("port", "stream_id")");
  CHECK(text(n.call("openRtpServer", {{"port", "0"}, {"stream_id", ""}}), "msg") == missed + R"("port", "stream_id")");
  CHECK(n.peer.client().connections() == 1);
  CHECK_FALSE(n.peer.client().closed_by_server());
}

TEST_CASE("a name that no list or log should carry is refused by every call that would make a stream of it") {
  node n;
  const std::string longest(512, 'n'), overlong(513, 'n');
  const std::string why = "has 513 bytes, more than 512";
  CHECK(n.port_of(longest) != 0);
  CHECK(text(n.open(overlong), "msg") == "stream_id: " + why);
  CHECK(n.code("openRtpServer", {{"port", "0"}, {"stream_id", "a"}, {"app", overlong}}) == -300);
  const text_pairs pulled{
      {"vhost", "__defaultVhost__"}, {"app", "live"}, {"stream", overlong}, {"url", "rtsp://127.0.0.1:1/a"}};
  CHECK(text(n.call("addStreamProxy", pulled), "msg") == "stream: " + why);
  CHECK(text(n.call("webrtc", {{"app", "live"}, {"stream", overlong}, {"type", "push"}}), "msg") == "stream: " + why);
  CHECK(n.v1.put("/v1/streams/" + overlong).status == 400);
  CHECK(n.v1.put("/v1/streams/a?app=" + overlong).status == 400);
  CHECK(n.v1.get("/v1/streams").json().as_object().at("streams").as_array().size() == 1);
}

TEST_CASE("the secret is asked for before the arguments, everywhere, and a refusal keeps the connection") {
  node n;
  auto& http = n.peer.client();
  for (const auto* name :
       {"openRtpServer", "openRtpServerMultiplex", "closeRtpServer", "updateRtpServerSSRC", "connectRtpServer",
        "listRtpServer", "getRtpInfo", "pauseRtpCheck", "resumeRtpCheck", "getServerConfig", "setServerConfig",
        "getApiList", "version", "getStatistic", "getThreadsLoad", "getWorkThreadsLoad", "restartServer"}) {
    for (const std::string secret : {"", "?secret=", "?secret=wrong"}) {
      INFO(name << secret);
      const auto answer = http.get("/index/api/" + std::string{name} + secret);
      CHECK(answer.status == 200);
      const auto o = answer.json().as_object();
      CHECK(number(o, "code") == -100);
      CHECK(text(o, "msg").starts_with("Please login first"));
      CHECK(answer.header("Set-Cookie").empty());
    }
  }
  CHECK(http.connections() == 1);
  CHECK(n.code("version") == 0);
  CHECK(n.daemon.running());
}

TEST_CASE(
    "transport: unknown paths are 404, HEAD answers nothing, PUT and DELETE act as POST, a large body is answered") {
  node n;
  auto& http = n.peer.client();
  const auto& secret = n.daemon.secret();
  CHECK(http.get("/index/api/noSuchCall?secret=" + secret).status == 404);
  CHECK(http.get("/index/api/version/?secret=" + secret).status == 404);
  const auto head = http.request("HEAD", "/index/api/closeRtpServer?stream_id=cam&secret=" + secret);
  CHECK(head.status == 200);
  CHECK(head.header("Content-Length") == "0");
  CHECK(n.port_of("cam") != 0);
  CHECK(http.request("HEAD", "/index/api/closeRtpServer?stream_id=cam&secret=" + secret).status == 200);
  CHECK(n.listed("cam"));
  CHECK(http.request("PUT", "/index/api/version?secret=" + secret).json().at("code") == 0);
  CHECK(http.request("DELETE", "/index/api/version?secret=" + secret).json().at("code") == 0);
  CHECK(http.connections() == 1);
  const auto large = http.request("POST", "/index/api/version?secret=" + secret, std::string(50'000, 'x'));
  CHECK(large.status >= 200);
  CHECK(http.get("/index/api/version?secret=" + secret).status == 200);
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

TEST_CASE("getServerConfig: an array with one flat object of strings") {
  node n{{{"rtp_proxy.timeoutSec", "17"}}};
  const auto answer = n.call("getServerConfig");
  const auto& data = answer.at("data").as_array();
  REQUIRE(data.size() == 1);
  const auto& all = data[0].as_object();
  for (const auto& [key, value] : all) {
    INFO(key);
    CHECK(key.find('.') != std::string::npos);
    CHECK(value.is_string());
  }
  CHECK(text(all, "rtp_proxy.timeoutSec") == "17");
  CHECK(text(all, "rtp_proxy.port_range") == n.daemon.ports().text());
  CHECK_FALSE(text(all, "general.mediaServerId").empty());
  CHECK_FALSE(text(all, "hook.alive_interval").empty());
}

TEST_CASE("setServerConfig: a new port range holds for later opens, and leaves open streams alone") {
  node n;
  const auto before = n.port_of("before");
  const reserved_ports elsewhere{8};
  const auto set = n.call("setServerConfig", {{"rtp_proxy.port_range", elsewhere.text()}});
  CHECK(number(set, "code") == 0);
  CHECK(number(set, "changed") == 1);
  const auto after = n.port_of("after");
  CHECK(after >= elsewhere.first());
  CHECK(after < elsewhere.last());
  CHECK(number(*n.item("before"), "port") == before);
  rtp_sender camera;
  camera.send(before);
  CHECK(n.reaches("before", "packets", 1));
  CHECK(text(n.v1.ports(), "range") == elsewhere.text());
}

TEST_CASE("setServerConfig: unchanged and unknown keys count for nothing, a bad value changes nothing and is -300") {
  node n{{{"rtp_proxy.timeoutSec", "17"}}};
  CHECK(number(n.call("setServerConfig", {{"rtp_proxy.timeoutSec", "17"}}), "changed") == 0);
  const auto unknown = n.call("setServerConfig", {{"no.such_key", "1"}});
  CHECK(number(unknown, "code") == 0);
  CHECK(number(unknown, "changed") == 0);
  const auto bad = n.call("setServerConfig", {{"rtp_proxy.stall_ms", "2000"}, {"rtp_proxy.timeoutSec", "never"}});
  CHECK(number(bad, "code") == -300);
  CHECK(text(bad, "msg").find("rtp_proxy.timeoutSec") != std::string::npos);
  const auto config = n.call("getServerConfig").at("data").as_array()[0].as_object();
  CHECK(text(config, "rtp_proxy.timeoutSec") == "17");
  CHECK(text(config, "rtp_proxy.stall_ms") == "3000");
}

TEST_CASE("setServerConfig: what was set is there after a restart, and after a kill -9 right behind the answer") {
  node n;
  const auto timeout_after = [&] {
    n.peer = peer_face{n.daemon.http_port(), n.daemon.secret()};
    return text(n.call("getServerConfig").at("data").as_array()[0].as_object(), "rtp_proxy.timeoutSec");
  };
  REQUIRE(number(n.call("setServerConfig", {{"rtp_proxy.timeoutSec", "21"}}), "changed") == 1);
  CHECK(n.daemon.stop().status == 0);
  n.daemon.start();
  CHECK(timeout_after() == "21");
  REQUIRE(number(n.call("setServerConfig", {{"rtp_proxy.timeoutSec", "22"}}), "changed") == 1);
  CHECK(n.daemon.kill().status == -SIGKILL);
  n.daemon.start();
  CHECK(timeout_after() == "22");
}

TEST_CASE("getApiList, version, getStatistic, getThreadsLoad, getWorkThreadsLoad answer in the peer's shapes") {
  node n;
  std::set<std::string> paths;
  const auto api = n.call("getApiList");
  for (const auto& p : api.at("data").as_array()) paths.emplace(p.as_string());
  for (const auto* name : {"openRtpServer", "closeRtpServer", "getRtpInfo", "listRtpServer", "setServerConfig"})
    CHECK(paths.count("/index/api/" + std::string{name}) == 1);

  const auto version = n.call("version").at("data").as_object();
  for (const auto* name : {"buildTime", "branchName", "commitHash"}) CHECK(version.at(name).is_string());

  const auto port = n.port_of("cam");
  rtp_sender camera;
  camera.send(port);
  REQUIRE(n.reaches("cam", "packets", 1));
  const auto statistic = n.call("getStatistic").at("data").as_object();
  for (const auto* name : {"MediaSource", "MultiMediaSourceMuxer", "TcpServer", "TcpSession", "UdpServer", "UdpSession",
                           "TcpClient", "Socket", "FrameImp", "Frame", "Buffer", "BufferRaw", "BufferLikeString",
                           "BufferList", "RtpPacket", "RtmpPacket"})
    CHECK(number(statistic, name) >= 0);
  CHECK(number(statistic, "MediaSource") == 1);
  CHECK(number(statistic, "UdpServer") == 2);

  for (const auto* name : {"getThreadsLoad", "getWorkThreadsLoad"}) {
    const auto answer = n.call(name);
    const auto& loads = answer.at("data").as_array();
    REQUIRE_FALSE(loads.empty());
    for (const auto& l : loads) {
      const auto& o = l.as_object();
      CHECK(number(o, "load") >= 0);
      CHECK(number(o, "load") <= 100);
      CHECK(number(o, "delay") >= 0);
      CHECK(number(o, "fd_count") >= 0);
      CHECK_FALSE(text(o, "name").empty());
    }
  }
}

TEST_CASE("restartServer: the answer comes first, then the same process starts anew without its streams") {
  node n;
  const auto port = n.port_of("cam");
  const auto pid = n.daemon.pid();
  CHECK(n.code("restartServer") == 0);
  n.daemon.await_restart();
  CHECK(n.daemon.running());
  CHECK(n.daemon.pid() == pid);
  n.peer = peer_face{n.daemon.http_port(), n.daemon.secret()};
  CHECK(n.call("listRtpServer").at("data").as_array().empty());
  CHECK_FALSE(udp_port_bound(port));
  CHECK(n.port_of("cam") != 0);
}

TEST_CASE("berthd refuses a bad configuration with exit code 2 and names every bad key") {
  try {
    daemon_process wrong{{{"rtp_proxy.timeoutSec", "never"}, {"rtp_proxy.stall_ms", "0"}}};
    FAIL("it started");
  } catch (const std::runtime_error& e) {
    const std::string said = e.what();
    CHECK(said.find("ended at its start with 2") != std::string::npos);
    CHECK(said.find("rtp_proxy.timeoutSec") != std::string::npos);
    CHECK(said.find("rtp_proxy.stall_ms") != std::string::npos);
  }
}
