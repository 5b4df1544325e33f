// WVP against the real daemon, with real media: registration, play, stop, and the ways in which these go wrong.
#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/media_client.hpp"
#include "tests/support/ps_camera.hpp"
#include "tests/support/simulated_wvp.hpp"

using namespace berth::tests;
using generation = wvp_generation;

namespace {

constexpr auto device = simulated_wvp::device;
const std::string player_url = std::string{"/rtp/"} + device + ".live.flv?originTypeStr=rtp_push&videoCodec=H264";

daemon_process::settings plain_node(daemon_process::settings more = {}) {
  more.emplace_back("general.mediaServerId", "zlm-conf-01");
  more.emplace_back("hook.alive_interval", "10.0");
  return more;
}

bool receiver_open(node& n, const std::string& key) { return n.listed(key); }

}  // namespace

TEST_CASE("WVP: registration finds what it reads, what it writes acts at once and is kept") {
  const auto g = GENERATE(generation::t25, generation::t26, generation::head);
  node n{{{"general.mediaServerId", "zlm-conf-01"}, {"hook.alive_interval", g == generation::t25 ? "10.0" : "1"}}};
  simulated_wvp wvp{n, g};
  const auto before = wvp.call("getServerConfig").at("data").as_array();
  REQUIRE(before.size() == 1);
  const auto& keys = before[0].as_object();
  CHECK(text(keys, "general.mediaServerId") == "zlm-conf-01");
  CHECK(std::stof(text(keys, "hook.alive_interval")) > 0);
  for (const auto* key : {"http.port", "http.sslport", "rtmp.port", "rtmp.sslport", "rtsp.port", "rtsp.sslport",
                          "rtp_proxy.port", "hook.enable"})
    CHECK(keys.contains(key));
  CHECK_FALSE(keys.contains("transcode.suffix"));
  CHECK(number(wvp.call("listRtpServer"), "code") == 0);

  const auto written = wvp.register_node();
  CHECK(number(written, "code") == 0);
  CHECK(number(written, "changed") > 5);
  const auto after = wvp.call("getServerConfig").at("data").at(0).as_object();
  CHECK(text(after, "hook.enable") == "1");
  CHECK(text(after, "protocol.continue_push_ms") == "3000");
  CHECK(text(after, "hook.on_publish") == wvp.hooks.url("/index/hook/on_publish"));
  if (g == generation::t25) {
    CHECK(number(wvp.call("restartServer"), "code") == 0);
    n.daemon.await_restart();
  } else {
    REQUIRE(wvp.hooks.wait_for("/on_server_keepalive"));
    const auto alive = boost::json::parse(wvp.hooks.requests("/on_server_keepalive")[0].body).as_object();
    CHECK(text(alive, "mediaServerId") == "zlm-conf-01");
    CHECK(n.daemon.stop().status == 0);
    n.daemon.start();
  }
  // Whoever was told before is told again, without another registration.
  REQUIRE(wvp.hooks.wait_for("/on_server_started"));
  const auto started = boost::json::parse(wvp.hooks.requests("/on_server_started")[0].body).as_object();
  CHECK(text(started, "mediaServerId") == "zlm-conf-01");
  CHECK(text(started, "hook.on_publish") == wvp.hooks.url("/index/hook/on_publish"));
}

TEST_CASE(
    "WVP: a setting that would put the node out of reach is refused by its key, and nothing of the call is taken") {
  node n{plain_node()};
  simulated_wvp wvp{n, generation::head};
  for (const auto& [key, value] : text_pairs{{"http.allow_ip_range", "10.0.0.0-10.0.0.9"},
                                             {"general.listen_ip", "192.0.2.77"},
                                             {"api.secret", ""},
                                             {"rtp_proxy.port_range", "70000-80000"}}) {
    INFO(key);
    const auto refused = wvp.call("setServerConfig", {{"protocol.continue_push_ms", "3001"}, {key, value}});
    CHECK(number(refused, "code") == -300);
    CHECK(text(refused, "msg").find(key) != std::string::npos);
  }
  const auto after = wvp.call("getServerConfig").at("data").at(0).as_object();
  CHECK(text(after, "protocol.continue_push_ms") != "3001");
}

TEST_CASE("WVP: a channel is played, watched and stopped, while hooks take their time") {
  const auto g = GENERATE(generation::t25, generation::t26, generation::head);
  const auto tcp = GENERATE(false, true);
  node n{plain_node()};
  simulated_wvp wvp{n, g, 300ms};
  REQUIRE(number(wvp.register_node(), "code") == 0);
  CHECK(wvp.call("getMediaList", {{"vhost", "__defaultVhost__"}, {"schema", "rtsp"}}).at("data").as_array().empty());

  const auto port = wvp.invite({.tcp_mode = tcp ? 1 : 0, .check_ssrc = !tcp});
  REQUIRE(port > 0);
  const auto camera = device_sends(port, tcp, simulated_wvp::ssrc);
  REQUIRE(wvp.hears(true));
  const auto asked = wvp.hooks.requests("/on_publish");
  REQUIRE(asked.size() == 1);
  CHECK(text(boost::json::parse(asked[0].body).as_object(), "stream") == wvp.open_key());
  REQUIRE(eventually(soon, [&] { return wvp.pictures > 0; }));

  const auto info = wvp.media_info();
  CHECK(text(info, "app") == "rtp");
  CHECK(text(info, "originUrl") == "rtp://__defaultVhost__/rtp/" + wvp.open_key());
  CHECK(info.at("tracks").as_array().size() == 1);
  const auto live = wvp.call("getMediaList", {{"vhost", "__defaultVhost__"}, {"schema", "rtsp"}}).at("data").as_array();
  REQUIRE(live.size() == 1);
  CHECK(number(live[0].as_object(), "originType") == 3);

  ws_client player;
  REQUIRE_FALSE(player.connect(n.daemon.http_port(), player_url));
  while (player.flv.pictures.size() < 5) REQUIRE(player.read());
  CHECK(player.flv.pictures[0].key);
  const auto played = wvp.hooks.requests("/on_play");
  REQUIRE(played.size() == 1);
  CHECK(text(boost::json::parse(played[0].body).as_object(), "params") == "originTypeStr=rtp_push&videoCodec=H264");

  wvp.stop();
  REQUIRE(wvp.hears(false));
  while (player.read()) {
  }
  CHECK(player.error == boost::beast::websocket::error::closed);
  CHECK_FALSE(wvp.media_info().contains("app"));
  CHECK_FALSE(receiver_open(n, wvp.open_key()));
  // The device goes on for a while: to nobody.
  const auto sent = camera->sent();
  REQUIRE(eventually(soon, [&] { return camera->sent() > sent + 10; }));
  CHECK(wvp.hooks.requests("/on_publish").size() == 1);
  CHECK(wvp.changes(true) == 1);
  CHECK(wvp.changes(false) == 1);
  CHECK(wvp.invite({}) > 0);
}

TEST_CASE("WVP: a device that never sends leaves nothing behind, whatever WVP closes") {
  const auto g = GENERATE(generation::t25, generation::t26, generation::head);
  const bool closes = GENERATE(true, false);
  node n{plain_node({{"rtp_proxy.timeoutSec", "1"}})};
  simulated_wvp wvp{n, g};
  REQUIRE(number(wvp.register_node(), "code") == 0);
  REQUIRE(wvp.invite({.tcp_mode = 1}) > 0);
  if (closes) wvp.stop();
  const bool right_key = closes && g != generation::head;
  if (right_key) CHECK_FALSE(receiver_open(n, wvp.open_key()));
  REQUIRE(eventually(soon, [&] { return !receiver_open(n, wvp.open_key()); }));
  if (!right_key) {
    REQUIRE(wvp.hooks.wait_for("/on_rtp_server_timeout"));
    const auto told = boost::json::parse(wvp.hooks.requests("/on_rtp_server_timeout")[0].body).as_object();
    CHECK(text(told, "stream_id") == wvp.open_key());
  }
  CHECK(wvp.invite({.tcp_mode = 1}) > 0);
}

TEST_CASE("WVP: two plays of one channel at once: one stream, undisturbed") {
  const auto g = GENERATE(generation::t25, generation::t26, generation::head);
  node n{plain_node({{"rtp_proxy.timeoutSec", "3"}})};
  simulated_wvp wvp{n, g};
  REQUIRE(number(wvp.register_node(), "code") == 0);
  const auto port = wvp.invite({.tcp_mode = 0});
  REQUIRE(port > 0);
  if (g != generation::head) {
    // Both have asked before either has opened.
    const auto again = wvp.call("openRtpServer", wvp.open_fields({.tcp_mode = 0}));
    CHECK(number(again, "code") == 0);
    CHECK(number(again, "port") == port);
    const auto camera = device_sends(port, false, simulated_wvp::ssrc);
    REQUIRE(wvp.hears(true));
    CHECK(wvp.invite({}) == port);  // live: WVP sends the device there
    CHECK(wvp.hooks.requests("/on_publish").size() == 1);
    return;
  }
  auto second = wvp.open_fields({.tcp_mode = 0});
  for (auto& [name, value] : second)
    if (name == "stream_id") value = "0BEBC6D3";
  const auto other = wvp.call("openRtpServer", second);
  REQUIRE(number(other, "code") == 0);
  CHECK(number(other, "port") != port);
  const auto camera = device_sends(port, false, simulated_wvp::ssrc);
  REQUIRE(wvp.hears(true));
  const auto late = device_sends(static_cast<std::uint16_t>(number(other, "port")), false, simulated_wvp::ssrc + 1);
  REQUIRE(wvp.hooks.wait_for("/on_publish", 2));
  REQUIRE(eventually(soon, [&] { return !receiver_open(n, "0BEBC6D3"); }));
  CHECK(wvp.changes(true) == 1);
  CHECK(wvp.changes(false) == 0);
  CHECK(text(wvp.media_info(), "app") == "rtp");
}

TEST_CASE("WVP: an open of an idle receiver with other parameters takes its place") {
  const auto g = GENERATE(generation::t25, generation::t26);
  node n{plain_node()};
  simulated_wvp wvp{n, g};
  REQUIRE(number(wvp.register_node(), "code") == 0);
  REQUIRE(wvp.invite({.tcp_mode = 0, .check_ssrc = true}) > 0);
  CHECK_FALSE(flag(wvp.call("getRtpInfo", {{"stream_id", device}}), "exist"));
  const auto port = wvp.invite({.tcp_mode = 1});
  REQUIRE(port > 0);
  CHECK(tcp_port_listening(port));
  CHECK(n.call("listRtpServer").at("data").as_array().size() == 1);
}

TEST_CASE("WVP: nobody watches: closed when it says so, and what the device still sends comes back to nothing") {
  const auto g = GENERATE(generation::t25, generation::t26, generation::head);
  node n{plain_node({{"general.streamNoneReaderDelayMS", "400"}})};
  simulated_wvp wvp{n, g};
  wvp.closes_unwatched = false;
  REQUIRE(number(wvp.register_node(), "code") == 0);
  const auto port = wvp.invite({.tcp_mode = 0});
  const auto camera = device_sends(port, false, simulated_wvp::ssrc);
  REQUIRE(wvp.hooks.wait_for("/on_stream_none_reader", 2));  // asked again after the answer was no
  CHECK(text(wvp.media_info(), "app") == "rtp");
  wvp.closes_unwatched = true;
  REQUIRE(wvp.hears(false));
  CHECK_FALSE(receiver_open(n, wvp.open_key()));
  const auto sent = camera->sent();
  REQUIRE(eventually(soon, [&] { return camera->sent() > sent + 10; }));
  CHECK(wvp.hooks.requests("/on_publish").size() == 1);
  CHECK(wvp.changes(true) == 1);
  CHECK(wvp.changes(false) == 1);
}

TEST_CASE("WVP: playback is paused and goes on, under the public name, with a jump in its time stamps") {
  const auto g = GENERATE(generation::t25, generation::t26, generation::head);
  node n{plain_node({{"rtp_proxy.timeoutSec", "1"}})};
  simulated_wvp wvp{n, g};
  REQUIRE(number(wvp.register_node(), "code") == 0);
  const auto port = wvp.invite({.tcp_mode = 0});
  auto camera = device_sends(port, false, simulated_wvp::ssrc);
  REQUIRE(wvp.hears(true));
  CHECK(number(wvp.call("pauseRtpCheck", {{"stream_id", device}}), "code") == 0);
  camera->stop();
  CHECK(throughout(2500ms, [&] { return receiver_open(n, wvp.open_key()); }));
  CHECK(number(wvp.call("resumeRtpCheck", {{"stream_id", device}}), "code") == 0);
  camera = device_sends(port, false, simulated_wvp::ssrc);
  const auto before = number(n.v1.stream(device).at("media").as_object(), "video_frames");
  REQUIRE(eventually(
      soon, [&] { return number(n.v1.stream(device).at("media").as_object(), "video_frames") > before + 20; }));
  CHECK(wvp.changes(true) == 1);
  CHECK(wvp.changes(false) == 0);
  CHECK(wvp.hooks.requests("/on_rtp_server_timeout").empty());
  CHECK(number(wvp.call("pauseRtpCheck", {{"stream_id", "nope"}}), "code") == -500);
}

TEST_CASE(
    "WVP: TCP active connects to the device, and HEAD's wrong key is refused by name, or guessed where that is on") {
  const auto g = GENERATE(generation::t25, generation::t26, generation::head);
  const bool guesses = GENERATE(false, true);
  node n{plain_node({{"rtp_proxy.guess_stream", guesses ? "1" : "0"}})};
  simulated_wvp wvp{n, g};
  REQUIRE(number(wvp.register_node(), "code") == 0);
  REQUIRE(wvp.invite({.tcp_mode = 2}) > 0);
  tcp_device listening;
  const auto answer =
      wvp.call("connectRtpServer",
               {{"dst_url", "127.0.0.1"}, {"dst_port", std::to_string(listening.port())}, {"stream_id", device}});
  if (g == generation::head && !guesses) {
    CHECK(number(answer, "code") < 0);
    CHECK_FALSE(text(answer, "msg").empty());
    return;
  }
  REQUIRE(number(answer, "code") == 0);
  berth::net::unique_fd taken;
  REQUIRE(eventually(soon, [&] { return static_cast<bool>(taken = listening.accept()); }));
  const auto connection =
      std::make_shared<rtp_tcp_sender>(std::move(taken), tcp_prefix::two_bytes, simulated_wvp::ssrc);
  const ps_camera camera{sender_over(connection), simulated_wvp::ssrc};
  REQUIRE(wvp.hears(true));
  wvp.stop();
  REQUIRE(wvp.hears(false));
}

TEST_CASE("WVP: a device that changes its SSRC is heard after updateRtpServerSSRC, whose number is decimal") {
  const auto g = GENERATE(generation::t25, generation::t26);
  node n{plain_node()};
  simulated_wvp wvp{n, g};
  REQUIRE(number(wvp.register_node(), "code") == 0);
  const auto port = wvp.invite({.tcp_mode = 0, .check_ssrc = true});
  const auto camera = device_sends(port, false, 200009999);
  REQUIRE(eventually(soon, [&] { return n.refused(device, "wrong_ssrc") > 0; }));
  CHECK(wvp.hooks.requests("/on_publish").empty());
  CHECK(number(wvp.call("updateRtpServerSSRC", {{"ssrc", "0200009999"}, {"stream_id", device}}), "code") == 0);
  CHECK(wvp.hears(true));
}

TEST_CASE("WVP: where guessing is on, HEAD's wrong key means the one receiver that it fits, and never one of two") {
  node n{plain_node({{"rtp_proxy.guess_stream", "1"}})};
  simulated_wvp wvp{n, generation::head};
  REQUIRE(number(wvp.register_node(), "code") == 0);
  const text_pairs update{{"app", "rtp"}, {"ssrc", "0200009999"}, {"stream_id", device}};
  CHECK(number(wvp.call("updateRtpServerSSRC", update), "code") == -500);
  const auto port = wvp.invite({.tcp_mode = 0, .check_ssrc = true});
  CHECK(number(wvp.call("updateRtpServerSSRC", update), "code") == 0);
  rtp_sender sender{200009999};
  sender.send(port, 3);
  CHECK(n.reaches(wvp.open_key(), "packets", 3));
  // That one is live now, has its public name, and is no candidate any more; of two that are idle none is taken.
  for (const auto* key : {"0BEBC6D3", "0BEBC6D4"}) REQUIRE(number(n.open(key, {{"ssrc", "5"}}), "code") == 0);
  const auto refused = wvp.call("updateRtpServerSSRC", {{"app", "rtp"}, {"ssrc", "7"}, {"stream_id", "nobody"}});
  CHECK(number(refused, "code") == -500);
  CHECK(text(refused, "msg").find("2 idle ones could be meant") != std::string::npos);
}

TEST_CASE("WVP: single port: a stream is its SSRC until on_publish names it, and close_streams alone ends it") {
  const auto g = GENERATE(generation::t25, generation::t26, generation::head);
  reserved_ports shared{1};
  // T25 writes it itself, into a node that runs.
  node n{plain_node({{"rtp_proxy.port", g == generation::t25 ? "0" : std::to_string(shared.first())}})};
  simulated_wvp wvp{n, g};
  wvp.single_port = shared.first();
  REQUIRE(number(wvp.register_node(), "code") == 0);
  const auto camera = device_sends(shared.first(), false, simulated_wvp::ssrc);
  REQUIRE(wvp.hears(true));
  CHECK(text(wvp.media_info(), "originUrl") == std::string{"rtp://__defaultVhost__/rtp/"} + simulated_wvp::ssrc_key);
  const auto closed =
      wvp.call("close_streams", {{"vhost", "__defaultVhost__"}, {"app", "rtp"}, {"stream", device}, {"force", "1"}});
  CHECK(number(closed, "count_closed") > 0);
  REQUIRE(wvp.hears(false));
  // A stranger is refused, and asked about again at a bounded rate.
  const auto stranger = device_sends(shared.first(), false, 77);
  REQUIRE(wvp.hooks.wait_for("/on_publish", 2));
  const auto sent = stranger->sent();
  REQUIRE(eventually(soon, [&] { return stranger->sent() > sent + 25; }));
  CHECK(wvp.hooks.requests("/on_publish").size() == 2);
}
