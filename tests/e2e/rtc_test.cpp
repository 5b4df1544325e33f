// WebRTC: what a browser sends is a stream like any other, and what a camera sends comes to a browser.
#include <algorithm>
#include <optional>
#include <set>

#include "net/rtp/rtcp_feedback.hpp"
#include "tests/e2e/rtc_page.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hook_receiver.hpp"
#include "tests/support/microphone.hpp"
#include "tests/support/ps_camera.hpp"

using namespace berth;
using namespace berth::tests;

namespace {

daemon_process::settings on_loopback(daemon_process::settings more = {}) {
  more.emplace_back("rtc.interfaces", "127.0.0.1");
  return more;
}

}  // namespace

TEST_CASE("WebRTC: what is said into a browser is asked for, listed, heard by another, and over when it leaves") {
  hook_receiver receiver;
  node n{on_loopback({{"hook.enable", "1"},
                      {"hook.on_publish", receiver.url("/on_publish")},
                      {"hook.on_stream_changed", receiver.url("/on_stream_changed")},
                      {"hook.stream_changed_schemas", "rtsp"}})};
  rtc_client browser{{talks}};
  const auto answer = webrtc(n, "app=talk&stream=DC&type=push&sign=s", browser);
  REQUIRE(number(answer, "code") == 0);
  CHECK(text(answer, "type") == "answer");
  CHECK(text(answer, "sdp").find("PCMA/8000") != std::string::npos);
  CHECK(text(answer, "sdp").find("opus") == std::string::npos);
  REQUIRE(receiver.wait_for("/on_publish"));
  const auto asked = boost::json::parse(receiver.requests("/on_publish")[0].body).as_object();
  CHECK(text(asked, "schema") == "rtc");
  CHECK(text(asked, "ip") == "127.0.0.1");
  CHECK(text(asked, "params").find("sign=s") != std::string::npos);
  REQUIRE(eventually(soon, [&] { return browser.is_established(); }));
  {
    microphone voice{[&](const bytes& packet) { browser.send(packet); }};
    REQUIRE(eventually(soon, [&] { return n.online("talk", "DC"); }));
    const auto info = n.call("getMediaInfo", named("talk", "DC"));
    CHECK(number(info, "originType") == 8);
    REQUIRE(info.at("tracks").as_array().size() == 1);
    CHECK(number(info.at("tracks").at(0).as_object(), "codec_id") == 3);
    CHECK(receiver.wait_for("/on_stream_changed"));
    CHECK_FALSE(n.exists("DC"));

    rtc_client listener{{hears}};
    REQUIRE(number(webrtc(n, "app=talk&stream=DC&type=play", listener), "code") == 0);
    REQUIRE(eventually(soon, [&] { return rtp_of(listener.packets(), 8) > 20; }));
    CHECK(number(n.call("getMediaInfo", named("talk", "DC")), "totalReaderCount") == 1);
    CHECK(n.call("getMediaPlayerList", named("talk", "DC")).at("data").as_array().size() == 1);
    listener.say_goodbye();
    CHECK(
        eventually(soon, [&] { return number(n.call("getMediaInfo", named("talk", "DC")), "totalReaderCount") == 0; }));
  }
  // The browser is told how it is received.
  CHECK(eventually(soon, [&] { return !browser.packets().empty(); }));
  browser.say_goodbye();
  CHECK(eventually(soon, [&] { return !n.online("talk", "DC"); }));
  CHECK(receiver.wait_for("/on_stream_changed", 2));
}

TEST_CASE("WebRTC: a camera comes to a browser from a key frame on, under the numbers that the browser has given") {
  node n{on_loopback()};
  ps_camera camera{n.port_of("cam")};
  REQUIRE(eventually(soon, [&] { return n.online("rtp", "cam"); }));
  rtc_client browser{{sees, hears}};
  const auto answer = webrtc(n, "app=rtp&stream=cam&type=play", browser);
  REQUIRE(number(answer, "code") == 0);
  CHECK(text(answer, "sdp").find("m=audio 0 ") != std::string::npos);  // silence is AAC, which browsers do not take
  REQUIRE(eventually(soon, [&] { return rtp_of(browser.packets(), 104) > 50; }));
  const auto packets = browser.packets();
  const auto first = std::find_if(packets.begin(), packets.end(), [](const bytes& p) { return p[1] != 200; });
  CHECK(((*first)[12] & 0x1f) == 7);  // a sequence parameter set
  CHECK(std::any_of(packets.begin(), packets.end(), [](const bytes& p) { return p[1] == 200; }));
  // One that is lost is asked for and comes.
  browser.lose_one();
  const auto numbers = [&] {
    std::set<std::uint16_t> all;
    for (const auto& p : browser.packets())
      if ((p[1] & 0x7f) == 104) all.insert(net::load_be16(&p[2]));
    return all;
  };
  const auto missing = [&]() -> std::optional<std::uint16_t> {
    const auto all = numbers();
    for (const auto one : all) {
      const auto next = static_cast<std::uint16_t>(one + 1);
      if (!all.contains(next) && all.contains(static_cast<std::uint16_t>(next + 1))) return next;
    }
    return std::nullopt;
  };
  std::optional<std::uint16_t> lost;
  REQUIRE(eventually(soon, [&] { return (lost = missing()).has_value(); }));
  browser.send(net::negative_acknowledgement(net::load_be32(&(*first)[8]), {*lost}));
  CHECK(eventually(soon, [&] { return numbers().contains(*lost); }));

  CHECK(post(n, "/index/api/delete_webrtc?id=" + text(answer, "id") + "&token=x", "").status == 401);
  CHECK(post(n, "/index/api/delete_webrtc?id=" + text(answer, "id") + "&token=" + text(answer, "token"), "").status ==
        200);
  CHECK(eventually(soon, [&] { return browser.is_over(); }));
  CHECK(eventually(soon, [&] { return number(n.call("getMediaInfo", named("rtp", "cam")), "totalReaderCount") == 0; }));
  CHECK(post(n, "/index/api/delete_webrtc?id=" + text(answer, "id") + "&token=" + text(answer, "token"), "").status ==
        404);
}

TEST_CASE("WebRTC: WHIP and WHEP answer with 201 and a place to end it, or with 406 and the reason") {
  node n{on_loopback({{"general.maxStreamWaitMS", "0"}})};
  rtc_client browser{{talks}};
  const auto offer = browser.offer();
  const auto made = post(n, "/index/api/whip?app=live&stream=a", offer);
  REQUIRE(made.status == 201);
  REQUIRE(browser.accept(made.body));
  CHECK(eventually(soon, [&] { return browser.is_established(); }));
  // Who sends displaces nobody, not even one who is not heard: the page that was there has to say that it is over.
  rtc_client reloaded{{talks}};
  const auto offered = reloaded.offer();
  const auto refused = post(n, "/index/api/whip?app=live&stream=a", offered);
  CHECK(refused.status == 406);
  CHECK(refused.body.find("live/a") != std::string::npos);
  CHECK(post(n, made.header("Location"), "").status == 200);
  CHECK(eventually(soon, [&] { return browser.is_over(); }));
  REQUIRE(eventually(soon, [&] { return n.v1.get("/v1/streams/a?app=live").status == 404; }));
  const auto again = post(n, "/index/api/whip?app=live&stream=a", offered);
  REQUIRE(again.status == 201);
  REQUIRE(reloaded.accept(again.body));
  {
    microphone voice{[&](const bytes& packet) { reloaded.send(packet); }};
    REQUIRE(eventually(soon, [&] { return n.online("live", "a"); }));
    const auto third = post(n, "/index/api/whip?app=live&stream=a", offer);
    CHECK(third.status == 406);
    CHECK(third.body.find("live/a") != std::string::npos);
  }
  CHECK(post(n, "/index/api/whep?app=live&stream=absent", offer).status == 406);
  CHECK(post(n, "/index/api/whep?app=live", offer).status == 406);
  CHECK(post(n, "/index/api/whip?app=live&stream=b", "nothing of the kind").body.find("v=0") != std::string::npos);
  CHECK(post(n, "/index/api/webrtc?app=live&stream=b&type=both", offer).json().as_object().at("code") == -300);
  reloaded.say_goodbye();
  CHECK(eventually(soon, [&] { return n.call("getMediaList").at("data").as_array().empty(); }));
}

TEST_CASE("WebRTC: what on_publish refuses is answered with its reason, and leaves nothing") {
  hook_receiver receiver;
  receiver.always({.body = R"({"code":-1,"msg":"not this one"})"});
  node n{on_loopback({{"hook.enable", "1"}, {"hook.on_publish", receiver.url("/on_publish")}})};
  rtc_client browser{{talks}};
  const auto answer = webrtc(n, "app=live&stream=a&type=push", browser);
  CHECK(number(answer, "code") != 0);
  CHECK(text(answer, "msg").find("not this one") != std::string::npos);
  CHECK(eventually(soon, [&] { return n.v1.get("/v1/streams").json().as_object().at("streams").as_array().empty(); }));
}

TEST_CASE("WebRTC: an offer of a stranger closes no receiver, nor the node's own port, whatever is configured") {
  reserved_ports shared{1};
  node n{on_loopback({{"rtp_proxy.on_conflict", "replace"}, {"rtp_proxy.port", std::to_string(shared.range().first)}})};
  const auto port = n.port_of("cam");
  rtc_client stranger{{talks}};
  const auto offer = stranger.offer();
  for (const auto* stream : {"cam", "rtp_proxy.port"}) {
    const auto refused = post(n, std::string{"/index/api/whip?app=rtp&stream="} + stream, offer);
    CHECK(refused.status == 406);
    CHECK(refused.body.find(stream) != std::string::npos);
  }
  CHECK(number(n.call("getRtpInfo", {{"stream_id", "cam"}}), "port") == port);
  CHECK(number(n.call("openRtpServer", {{"port", "0"}, {"stream_id", "rtp_proxy.port"}}), "code") == -300);
}

TEST_CASE("WebRTC: a browser that never comes is forgotten when its time is over") {
  node n{on_loopback({{"rtc.timeoutSec", "1"}})};
  rtc_client browser{{talks}};
  const auto made = post(n, "/index/api/webrtc?app=live&stream=a&type=push", browser.offer());
  REQUIRE(number(made.json().as_object(), "code") == 0);
  CHECK(n.v1.get("/v1/streams/a?app=live").status == 200);
  CHECK(eventually(soon, [&] { return n.v1.get("/v1/streams/a?app=live").status == 404; }));
}
