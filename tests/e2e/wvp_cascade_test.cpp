// WVP sends on: to an upper platform, to a device that a browser speaks to, and to one that answers.
#include "tests/e2e/rtc_page.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/microphone.hpp"
#include "tests/support/ps_camera.hpp"
#include "tests/support/reserved_ports.hpp"
#include "tests/support/simulated_wvp.hpp"

using namespace berth::tests;
using generation = wvp_generation;

namespace {

constexpr auto first_ssrc = "1200004321", second_ssrc = "1200004322";

/// A node that WVP has registered.
struct wvp_node : node {
  explicit wvp_node(generation g)
      : node({{"general.mediaServerId", "zlm-conf-01"},
              {"hook.alive_interval", "10.0"},
              {"rtc.interfaces", "127.0.0.1"}}),
        wvp(*this, g, 100ms) {
    REQUIRE(number(wvp.register_node(), "code") == 0);
  }
  simulated_wvp wvp;
};

/// A browser that somebody speaks into.
struct speaking_page {
  speaking_page(node& n, const std::string& app) {
    const auto query = "app=" + app + "&stream=" + simulated_wvp::device + "&type=push&sign=0123";
    REQUIRE(number(webrtc(n, query, browser), "code") == 0);
  }
  rtc_client browser{{talks}};
  microphone voice{[this](const bytes& packet) { browser.send(packet); }};
};

/// An upper platform's receiver that gets pictures.
bool gets_pictures(node& upper, const std::string& id, std::int64_t more = 12) {
  const auto frames = [&] {
    if (!upper.exists(id)) return std::int64_t{0};
    const auto media = upper.v1.stream(id).at("media").as_object();
    return media.contains("video_frames") ? number(media, "video_frames") : std::int64_t{0};
  };
  const auto before = frames();
  return eventually(soon, [&] { return frames() >= before + more; });
}

}  // namespace

TEST_CASE("WVP: cascade over UDP from adjacent ports, and the end of one sender is not that of the other") {
  wvp_node n{GENERATE(generation::t25, generation::t26, generation::head)};
  auto& wvp = n.wvp;
  node upper;
  const auto camera = device_sends(wvp.invite({.tcp_mode = 1}), true, simulated_wvp::ssrc);
  REQUIRE(wvp.hears(true));

  const reserved_ports free{1};
  const auto own = free.first();
  const auto up = upper.port_of("one", {{"ssrc", first_ssrc}}), other = upper.port_of("two", {{"ssrc", second_ssrc}});
  const auto sent = wvp.send_up(own, up, first_ssrc, true);
  CHECK(number(sent, "code") == 0);
  CHECK(number(sent, "local_port") == own);
  CHECK(number(wvp.send_up(static_cast<std::uint16_t>(own + 1), other, second_ssrc, true), "code") == 0);
  CHECK(gets_pictures(upper, "one"));
  CHECK(gets_pictures(upper, "two"));
  const auto received = upper.v1.stream("one");
  CHECK(text(received, "peer") == "127.0.0.1:" + std::to_string(own));
  CHECK(number(received, "payload_type") == 96);
  CHECK(number(received, "ssrc_seen") == 0x47869ce1);
  CHECK(number(received, "lost") == 0);
  CHECK(number(wvp.media_info(), "totalReaderCount") == 2);

  CHECK(number(wvp.stop_sending("rtp", first_ssrc), "code") == 0);
  CHECK(number(wvp.media_info(), "totalReaderCount") == 1);
  CHECK(gets_pictures(upper, "two"));
  CHECK(number(wvp.send_up(own, up, "abc", true), "code") != 0);
  CHECK(number(wvp.send_up(static_cast<std::uint16_t>(own + 1), up, first_ssrc, true), "code") !=
        0);  // that port is busy
  // The stream ends, and with it what is left.
  wvp.stop();
  REQUIRE(wvp.hooks.wait_for("/on_send_rtp_stopped"));
  const auto told = boost::json::parse(wvp.hooks.requests("/on_send_rtp_stopped")[0].body).as_object();
  CHECK(text(told, "ssrc") == second_ssrc);
  CHECK(text(told, "stream") == simulated_wvp::device);
  CHECK(number(wvp.send_up(own, up, first_ssrc, true), "code") == -500);
  CHECK(wvp.hooks.requests("/on_send_rtp_stopped").size() == 1);
}

TEST_CASE("WVP: cascade to an upper platform that connects, or that is connected to") {
  wvp_node n{GENERATE(generation::t25, generation::head)};  // T26 gives the first of these up by itself
  auto& wvp = n.wvp;
  node upper;
  const auto camera = device_sends(wvp.invite({.tcp_mode = 0}), false, simulated_wvp::ssrc);
  REQUIRE(wvp.hears(true));

  const reserved_ports free{1};
  const auto own = free.first();
  const auto waiting = wvp.await_upper(own, first_ssrc);
  REQUIRE(number(waiting, "code") == 0);
  CHECK(number(waiting, "local_port") == own);
  CHECK(tcp_port_listening(own));
  REQUIRE(upper.port_of("one", {{"tcp_mode", "2"}}) > 0);
  CHECK(upper.code("connectRtpServer",
                   {{"stream_id", "one"}, {"dst_url", "127.0.0.1"}, {"dst_port", std::to_string(own)}}) == 0);
  CHECK(gets_pictures(upper, "one"));

  const auto up = upper.port_of("two", {{"tcp_mode", "1"}});
  CHECK(number(wvp.send_up(0, up, second_ssrc, false), "code") == 0);
  CHECK(gets_pictures(upper, "two"));
  CHECK(number(wvp.stop_sending("rtp", first_ssrc), "code") == 0);
  CHECK(gets_pictures(upper, "two"));
  // The upper platform hangs up.
  CHECK(upper.close("two") == 1);
  REQUIRE(wvp.hooks.wait_for("/on_send_rtp_stopped"));
  const auto told = boost::json::parse(wvp.hooks.requests("/on_send_rtp_stopped")[0].body).as_object();
  CHECK(text(told, "ssrc") == second_ssrc);
  CHECK(number(told, "err") == 4);
}

TEST_CASE("WVP: broadcast: what is said goes to the device as G.711, ten packets a second") {
  wvp_node n{GENERATE(generation::t25, generation::t26, generation::head)};
  auto& wvp = n.wvp;
  const bool udp = GENERATE(true, false);
  const speaking_page page{n, "broadcast"};
  REQUIRE(eventually(soon, [&] { return wvp.changes(true, "broadcast") == 1; }));
  const auto info = wvp.media_info("broadcast");
  CHECK(text(info, "app") == "broadcast");
  const auto track = info.at("tracks").as_array().at(0).as_object();
  CHECK(number(info, "originType") == 8);
  CHECK(number(track, "codec_id") == 3);
  CHECK(number(track, "sample_rate") == 8000);
  CHECK(number(track, "channels") == 1);

  node device;  // it receives as a node does
  const auto to = device.port_of("ear", {{"tcp_mode", udp ? "0" : "1"}, {"only_track", "1"}});
  const reserved_ports free{1};
  REQUIRE(number(wvp.send_sound(free.first(), to, udp), "code") == 0);
  REQUIRE(eventually(soon, [&] { return device.figure("ear", "packets") > 10; }));
  const auto heard = device.v1.stream("ear");
  CHECK(number(heard, "payload_type") == 8);
  CHECK(number(heard, "bytes") == number(heard, "packets") * (12 + 800));
  CHECK(number(heard.at("media").as_object().at("tracks").as_array().at(0).as_object(), "codec_id") == 3);
  CHECK(number(wvp.stop_sending("broadcast"), "code") == 0);
}

TEST_CASE("WVP: talk: the device speaks back on the connection that it is spoken to on") {
  wvp_node n{GENERATE(generation::t25, generation::head)};
  auto& wvp = n.wvp;
  const std::string answer = std::string{simulated_wvp::device} + "_talk";
  const speaking_page page{n, "talk"};
  REQUIRE(eventually(soon, [&] { return wvp.changes(true, "talk") == 1; }));
  const reserved_ports free{1};
  const auto begun = wvp.begin_talk(free.first());
  REQUIRE(number(begun, "code") == 0);
  const auto port = static_cast<std::uint16_t>(number(begun, "local_port"));
  REQUIRE(port > 0);
  const auto device = std::make_shared<rtp_tcp_sender>(port, tcp_prefix::two_bytes);
  {
    const microphone back{sender_over(device)};
    REQUIRE(eventually(soon, [&] { return wvp.changes(true, "talk", answer) == 1; }));
    CHECK(text(wvp.media_info("talk", answer), "app") == "talk");
    rtc_client ear{{hears}};
    REQUIRE(number(webrtc(n, "app=talk&stream=" + answer + "&type=play", ear), "code") == 0);
    CHECK(eventually(soon, [&] { return rtp_of(ear.packets(), 8) > 10; }));
  }
  CHECK(number(wvp.stop_sending("talk", "0200001234"), "code") == 0);
  CHECK_FALSE(tcp_port_listening(port));
  CHECK(eventually(soon, [&] { return device->closed_by_peer(); }));
  REQUIRE(eventually(soon, [&] { return wvp.changes(false, "talk", answer) == 1; }));
  CHECK(wvp.changes(false, "talk") == 0);
  CHECK(wvp.hooks.requests("/on_send_rtp_stopped").empty());
}
