// Streams that go on to another server: by every way, in every packing, and what becomes of them when something breaks.
#include <sys/socket.h>

#include <fstream>
#include <future>

#include "net/rtp/rtcp_packet.hpp"
#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hook_receiver.hpp"
#include "tests/support/media_probe.hpp"
#include "tests/support/microphone.hpp"
#include "tests/support/ps_camera.hpp"
#include "tests/support/reserved_ports.hpp"

using namespace berth::tests;

namespace {

const text_pairs source{{"vhost", "__defaultVhost__"}, {"app", "rtp"}, {"stream", "cam"}};

text_pairs operator+(text_pairs a, const text_pairs& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::string port_text(std::uint16_t port) { return std::to_string(port); }

/// A node with one live stream, "cam".
struct live_node : node {
  explicit live_node(daemon_process::settings more = {}) : node(std::move(more)), camera(port_of("cam")) {}

  bool is_live() {
    return eventually(soon, [&] {
      return flag(call("isMediaOnline", source + text_pairs{{"schema", "rtsp"}}), "online");
    });
  }
  object send(const text_pairs& more) { return call("startSendRtp", source + more); }
  object send_to(std::uint16_t port, const text_pairs& more) {
    return send(text_pairs{{"dst_url", "127.0.0.1"}, {"dst_port", port_text(port)}} + more);
  }
  std::int64_t stop(const text_pairs& more = {}) { return number(call("stopSendRtp", source + more), "code"); }
  std::size_t senders() { return call("listRtpSender", source).at("data").as_array().size(); }
  std::int64_t readers() {
    return number(call("getMediaInfo", source + text_pairs{{"schema", "rtsp"}}), "totalReaderCount");
  }

  ps_camera camera;
};

std::int64_t frames_at(node& n, const std::string& id) {
  const auto o = n.v1.stream(id).at("media").as_object();
  return o.contains("video_frames") ? number(o, "video_frames") : 0;
}

bool receives(node& n, const std::string& id, std::int64_t more = 15) {
  const auto before = frames_at(n, id);
  return eventually(soon, [&] { return frames_at(n, id) >= before + more; });
}

}  // namespace

TEST_CASE("sending: what Berth sends, Berth receives, by every way and in every packing") {
  live_node lower;
  node upper;
  REQUIRE(lower.is_live());
  const auto packing = GENERATE(std::string{"es"}, "ps", "ts");
  const text_pairs form = packing == "es"   ? text_pairs{{"type", "0"}, {"pt", "98"}}
                          : packing == "ps" ? text_pairs{{"use_ps", "1"}, {"pt", "96"}}
                                            : text_pairs{{"type", "2"}, {"pt", "33"}};
  const text_pairs ssrc{{"ssrc", "1200004321"}};

  SECTION("over UDP") {
    const auto port = upper.port_of("up", {{"ssrc", "1200004321"}});
    const auto answer = lower.send_to(port, form + ssrc + text_pairs{{"is_udp", "1"}});
    REQUIRE(number(answer, "code") == 0);
    CHECK(number(answer, "local_port") > 0);
  }
  SECTION("over a connection that the sender makes") {
    const auto port = upper.port_of("up", {{"tcp_mode", "1"}});
    const auto answer = lower.send_to(port, form + ssrc + text_pairs{{"is_udp", "0"}});
    REQUIRE(number(answer, "code") == 0);
    CHECK(number(answer, "local_port") > 0);
  }
  SECTION("over a connection that the receiver makes") {
    const auto answer = lower.call("startSendRtpPassive", source + form + ssrc + text_pairs{{"is_udp", "0"}});
    REQUIRE(number(answer, "code") == 0);
    upper.port_of("up", {{"tcp_mode", "2"}});
    CHECK(upper.code("connectRtpServer", {{"stream_id", "up"},
                                          {"dst_url", "127.0.0.1"},
                                          {"dst_port", std::to_string(number(answer, "local_port"))}}) == 0);
  }
  REQUIRE(eventually(soon, [&] { return upper.exists("up"); }));
  CHECK(receives(upper, "up"));
  const auto received = upper.v1.stream("up");
  CHECK(number(received, "lost") == 0);
  CHECK(number(received.at("media").as_object(), "malformed") == 0);
  CHECK(number(received, "ssrc_seen") == 1200004321);
  CHECK(lower.senders() == 1);
  CHECK(lower.readers() == 1);
  CHECK(lower.stop(ssrc) == 0);
  CHECK(lower.senders() == 0);
  CHECK(lower.readers() == 0);
  CHECK(lower.stop() == -1);
}

TEST_CASE("sending: FFmpeg receives it, from the first key frame on") {
  live_node lower;
  REQUIRE(lower.is_live());
  const reserved_ports free{1};
  const auto port = free.first();
  const auto payload = GENERATE(std::string{"33"}, "96");
  temporary_directory directory;
  // An rtp:// URL would do for one of them, but then FFmpeg throws the first packets away.
  const auto description = (directory.path() / "cam.sdp").string();
  std::ofstream{description} << "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=cam\nc=IN IP4 127.0.0.1\nt=0 0\nm=video " << port
                             << " RTP/AVP " << payload << "\na=rtpmap:" << payload
                             << (payload == "33" ? " MP2T/90000\n" : " H264/90000\n");
  const text_pairs form{{"type", payload == "33" ? "2" : "0"}, {"pt", payload}};
  auto probe = std::async(std::launch::async, [&] {
    return output_of({"ffprobe", "-v", "error", "-protocol_whitelist", "file,udp,rtp", "-count_frames",
                      "-read_intervals", "%+#25", "-show_entries", "stream=codec_name,width,height,nb_read_frames",
                      "-of", "csv=p=0", description});
  });
  // It has to listen before the first packet comes, which is a key frame's.
  CHECK(eventually(soon, [&] { return udp_port_bound(port); }));
  CHECK(number(lower.send_to(port, form + text_pairs{{"ssrc", "7"}, {"is_udp", "1"}}), "code") == 0);
  const auto seen = probe.get();
  INFO(seen);
  CHECK(seen.starts_with("h264,320,240,"));
  CHECK(seen.find("rror") == std::string::npos);
  CHECK(seen.find("missed") == std::string::npos);
}

TEST_CASE("sending: ports are those that were asked for, a neighbour's as well") {
  live_node lower;
  node upper;
  REQUIRE(lower.is_live());
  const reserved_ports free{1};
  const auto own = free.first();
  const auto next = static_cast<std::uint16_t>(own + 1);
  const auto first = upper.port_of("one"), second = upper.port_of("two");
  const auto a = lower.send_to(
      first, {{"ssrc", "0000000001"}, {"is_udp", "1"}, {"src_port", port_text(own)}, {"udp_rtcp_timeout", "1"}});
  const auto b = lower.send_to(second, {{"ssrc", "0000000002"}, {"is_udp", "1"}, {"src_port", port_text(next)}});
  CHECK(number(a, "local_port") == own);
  // RTCP has taken the next port, or not; WVP counts up by one.
  CHECK((number(b, "code") == 0 || number(b, "code") == -400));
  CHECK(receives(upper, "one"));
  CHECK(text(upper.v1.stream("one"), "peer") == "127.0.0.1:" + port_text(own));

  const auto busy = lower.send_to(first, {{"ssrc", "3"}, {"is_udp", "1"}, {"src_port", port_text(own)}});
  CHECK(number(busy, "code") == -400);
  CHECK(number(busy, "local_port") == 0);
  CHECK_FALSE(text(busy, "msg").empty());
  CHECK(receives(upper, "one"));
}

TEST_CASE("sending: two senders of one stream, and the same SSRC again takes the place of the first") {
  live_node lower;
  node upper;
  REQUIRE(lower.is_live());
  const auto one = upper.port_of("one"), two = upper.port_of("two"), three = upper.port_of("three");
  const reserved_ports free{1};
  const auto own = free.first();
  const text_pairs udp{{"is_udp", "1"}, {"ssrc", "0123456789"}};
  const text_pairs bound{{"src_port", port_text(own)}};
  CHECK(number(lower.send_to(one, udp + bound), "code") == 0);
  CHECK(number(lower.send_to(two, {{"is_udp", "1"}, {"ssrc", "2"}}), "code") == 0);
  CHECK(receives(upper, "one"));
  CHECK(receives(upper, "two"));
  CHECK(lower.senders() == 2);
  // To another receiver, from the port that the former one had.
  CHECK(number(lower.send_to(three, udp + bound), "code") == 0);
  CHECK(lower.senders() == 2);
  CHECK(receives(upper, "three"));
  CHECK(eventually(soon, [&] { return text(upper.v1.stream("one"), "state") == "stalled"; }));
  // Beside it, if that is wanted.
  CHECK(number(lower.send_to(one, udp + text_pairs{{"ssrc_multi_send", "1"}}), "code") == 0);
  CHECK(lower.senders() == 3);
  CHECK(receives(upper, "one"));
  const auto names = lower.call("listRtpSender", source).at("data").as_array();
  CHECK(std::count_if(names.begin(), names.end(), [](const auto& n) { return n == "0123456789"; }) == 2);
  CHECK(lower.stop({{"ssrc", "0123456789"}}) == 0);
  CHECK(lower.senders() == 1);
  CHECK(receives(upper, "two"));
  CHECK(lower.stop() == 0);
}

TEST_CASE("sending: what can not be sent is refused with its reason, and leaves nothing behind") {
  live_node lower;
  REQUIRE(lower.is_live());
  const auto descriptors = lower.daemon.descriptors();
  const text_pairs udp{{"ssrc", "5"}, {"is_udp", "1"}};
  CHECK(number(lower.call("startSendRtp", source), "code") == -300);
  CHECK(number(lower.send_to(9, {{"ssrc", "abc"}, {"is_udp", "1"}}), "code") == -300);
  CHECK(number(lower.send_to(0, udp), "code") == -300);
  CHECK(number(lower.send_to(9, udp + text_pairs{{"pt", "200"}}), "code") == -300);
  const auto nobody = lower.call("startSendRtp", {{"vhost", "__defaultVhost__"},
                                                  {"app", "rtp"},
                                                  {"stream", "nobody"},
                                                  {"ssrc", "5"},
                                                  {"is_udp", "1"},
                                                  {"dst_url", "127.0.0.1"},
                                                  {"dst_port", "9"}});
  CHECK(number(nobody, "code") == -500);
  CHECK(text(nobody, "msg").find("can not find the source stream") == 0);
  const auto no_sound = lower.send_to(9, udp + text_pairs{{"type", "0"}, {"only_audio", "1"}, {"pt", "0"}});
  CHECK(number(no_sound, "code") == -1);
  CHECK(text(no_sound, "msg").find("PCMU") != std::string::npos);
  tcp_device gone;
  const auto port = gone.port();
  gone.close();
  const auto refused = lower.send_to(port, {{"ssrc", "5"}, {"is_udp", "0"}});
  CHECK(number(refused, "code") == -1);
  CHECK(number(refused, "local_port") == 0);
  CHECK(number(lower.call("listRtpSender", {{"vhost", "v"}, {"app", "a"}, {"stream", "s"}}), "code") == -500);
  CHECK(number(lower.call("stopSendRtp", {{"vhost", "v"}, {"app", "a"}, {"stream", "s"}}), "code") == -500);
  CHECK(lower.senders() == 0);
  CHECK(lower.readers() == 0);
  CHECK(eventually(soon, [&] { return lower.daemon.descriptors() <= descriptors; }));
}

TEST_CASE("sending: a sender that ends by itself is told, once and with its reason, and one that is stopped is not") {
  hook_receiver hooks;
  live_node lower{{{"hook.enable", "1"}, {"hook.on_send_rtp_stopped", hooks.url("/stopped")}}};
  REQUIRE(lower.is_live());
  const auto told = [&](std::size_t count) {
    REQUIRE(hooks.wait_for("/stopped", count));
    return boost::json::parse(hooks.requests("/stopped").back().body).as_object();
  };
  // A receiver that takes a connection and closes it; another one that nobody comes to.
  tcp_device receiver;
  REQUIRE(number(lower.send_to(receiver.port(), {{"ssrc", "0000000004"}, {"is_udp", "0"}}), "code") == 0);
  berth::net::unique_fd taken;
  REQUIRE(eventually(soon, [&] { return static_cast<bool>(taken = receiver.accept()); }));
  taken.reset();
  auto body = told(1);
  CHECK(text(body, "ssrc") == "0000000004");
  CHECK(text(body, "app") == "rtp");
  CHECK(text(body, "stream") == "cam");
  CHECK(text(body, "originUrl") == "rtp://__defaultVhost__/rtp/cam");
  CHECK(number(body, "err") == 4);

  const auto waiting = lower.call("startSendRtpPassive", source + text_pairs{{"ssrc", "5"}, {"close_delay_ms", "200"}});
  CHECK(tcp_port_listening(static_cast<std::uint16_t>(number(waiting, "local_port"))));
  body = told(2);
  CHECK(number(body, "err") == 2);
  CHECK(text(body, "msg") == "wait tcp connection timeout");
  CHECK_FALSE(tcp_port_listening(static_cast<std::uint16_t>(number(waiting, "local_port"))));

  // Stopped by a client: nobody has to be told. Then a UDP port that is not there, and after it the end of the stream.
  node upper;
  const auto up = upper.port_of("up");
  REQUIRE(number(lower.send_to(up, {{"ssrc", "6"}, {"is_udp", "1"}}), "code") == 0);
  CHECK(receives(upper, "up"));
  CHECK(lower.stop({{"ssrc", "6"}}) == 0);
  const reserved_ports nobodys{1};
  REQUIRE(number(lower.send_to(nobodys.first(), {{"ssrc", "7"}, {"is_udp", "1"}}), "code") == 0);
  body = told(3);
  CHECK(text(body, "ssrc") == "7");
  CHECK(number(body, "err") == 3);
  REQUIRE(number(lower.send_to(up, {{"ssrc", "8"}, {"is_udp", "1"}}), "code") == 0);
  CHECK(lower.close("cam") == 1);
  body = told(4);
  CHECK(text(body, "ssrc") == "8");
  CHECK(number(body, "err") == 1);
  CHECK(eventually(soon, [&] { return text(upper.v1.stream("up"), "state") == "stalled"; }));
}

TEST_CASE("sending: reports go to the port behind the receiver's, and tell the same time on both clocks") {
  live_node lower;
  REQUIRE(lower.is_live());
  const reserved_ports free{1};
  const auto port = free.first();
  const auto rtp = foreign_udp_socket(port), rtcp = foreign_udp_socket(static_cast<std::uint16_t>(port + 1));
  REQUIRE(number(lower.send_to(port, {{"ssrc", "77"}, {"is_udp", "1"}, {"udp_rtcp_timeout", "1"}}), "code") == 0);
  bytes b(2000);
  ssize_t got = 0;
  REQUIRE(eventually(soon, [&] {
    std::uint32_t ignored = 0;
    while (::recv(rtp.get(), &ignored, sizeof ignored, MSG_DONTWAIT) > 0) {
    }
    got = ::recv(rtcp.get(), b.data(), b.size(), MSG_DONTWAIT);
    return got > 0;
  }));
  const auto report = berth::net::parse_rtcp({b.data(), static_cast<std::size_t>(got)});
  REQUIRE(report);
  REQUIRE(report->report);
  CHECK(report->report->ssrc == 77);
  CHECK(report->report->packets > 25);
  const auto now = berth::net::ntp_time(berth::net::wall_clock::now());
  CHECK((now >> 32) - (report->report->ntp >> 32) < 10);
}

TEST_CASE("sending: what a receiver sends back on the sender's connection is a stream of its own") {
  node n;
  const microphone browser{ps_camera::over_udp(n.port_of("DC", {{"app", "talk"}}))};
  const text_pairs talk{{"vhost", "__defaultVhost__"}, {"app", "talk"}, {"stream", "DC"}};
  const auto online = [&](const std::string& id) {
    const text_pairs wanted{{"vhost", "__defaultVhost__"}, {"app", "talk"}, {"stream", id}, {"schema", "rtsp"}};
    return eventually(soon, [&] { return flag(n.call("isMediaOnline", wanted), "online"); });
  };
  REQUIRE(online("DC"));
  const auto answer = n.call("startSendRtpPassive", talk + text_pairs{{"ssrc", "0200001234"},
                                                                      {"pt", "8"},
                                                                      {"use_ps", "0"},
                                                                      {"only_audio", "1"},
                                                                      {"is_udp", "0"},
                                                                      {"recv_stream_id", "DC_talk"},
                                                                      {"close_delay_ms", "10000000"}});
  REQUIRE(number(answer, "code") == 0);
  const auto port = static_cast<std::uint16_t>(number(answer, "local_port"));
  CHECK(tcp_port_listening(port));
  const auto device = std::make_shared<rtp_tcp_sender>(port, tcp_prefix::two_bytes);
  {
    const microphone back{sender_over(device)};
    REQUIRE(online("DC_talk"));
    const auto sent = [&] { return number(n.call("listRtpSender", talk), "totalBytes"); };
    REQUIRE(eventually(soon, [&] { return sent() > 5000; }));
  }
  CHECK(number(n.call("stopSendRtp", talk), "code") == 0);
  CHECK_FALSE(tcp_port_listening(port));
  CHECK(eventually(soon, [&] { return device->closed_by_peer(); }));
  CHECK_FALSE(flag(n.call("isMediaOnline",
                          {{"vhost", "__defaultVhost__"}, {"app", "talk"}, {"stream", "DC_talk"}, {"schema", "rtsp"}}),
                   "online"));
  CHECK(online("DC"));
}

TEST_CASE("sending: a talk goes back to where a stream comes from, over UDP as well") {
  live_node n;
  REQUIRE(n.is_live());
  const microphone browser{ps_camera::over_udp(n.port_of("voice"))};
  REQUIRE(eventually(soon, [&] {
    return flag(n.call("isMediaOnline",
                       {{"vhost", "__defaultVhost__"}, {"app", "rtp"}, {"stream", "voice"}, {"schema", "rtsp"}}),
                "online");
  }));
  const text_pairs voice{{"vhost", "__defaultVhost__"}, {"app", "rtp"}, {"stream", "voice"}};
  const text_pairs form{{"ssrc", "9"}, {"pt", "8"}, {"type", "0"}, {"only_audio", "1"}};
  CHECK(number(n.call("startSendRtpTalk", voice + form + text_pairs{{"recv_stream_id", "nobody"}}), "code") == -500);
  CHECK(number(n.call("startSendRtpTalk", voice + form + text_pairs{{"recv_stream_id", "cam"}}), "code") == 0);
  const auto list = n.call("listRtpSender", voice);
  const auto sender = list.at("senders").as_array().at(0).as_object();
  CHECK(text(sender, "way") == "talk");
  CHECK(number(sender, "local_port") == n.figure("cam", "port"));
  REQUIRE(eventually(soon, [&] { return number(n.call("listRtpSender", voice), "totalBytes") > 3000; }));
  CHECK(number(n.call("stopSendRtp", voice), "code") == 0);
  CHECK(receives(n, "cam"));
}
