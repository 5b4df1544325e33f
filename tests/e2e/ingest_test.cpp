// What arrives on a stream's ports over UDP and how it is counted: every datagram exactly once.

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"

using namespace berth::tests;

TEST_CASE("UDP: every datagram counts once, with its bytes") {
  node n;
  const auto port = n.port_of("cam");
  rtp_sender camera;
  for (int i = 0; i < 20; ++i) {
    camera.send(port, 50, 188);
    REQUIRE(n.reaches("cam", "packets", 50 * (i + 1)));
  }
  const auto o = n.v1.stream("cam");
  CHECK(number(o, "datagrams") == 1000);
  CHECK(number(o, "bytes") == 1000 * (12 + 188));
  CHECK(number(o, "lost") == 0);
  CHECK(number(o, "reordered") == 0);
  CHECK(number(o, "kernel_drops") == 0);
  CHECK(adds_up(o));
}

TEST_CASE("UDP: each cause of refusal is counted as that cause, and datagrams = accepted + refusals") {
  node n;
  const auto port = n.port_of("cam");
  rtp_sender camera{0x1234, 5000}, stranger{0x1234, 6000};
  camera.send(port, 10);
  REQUIRE(n.reaches("cam", "packets", 10));
  const auto next = [&] { return camera.source().fields(); };
  const auto with_sequence = [&](int sequence) {
    auto f = next();
    f.sequence = static_cast<std::uint16_t>(sequence);
    return make_rtp(f);
  };

  camera.send_raw(port, too_short_packet(next()));
  camera.send_raw(port, {});
  for (int i = 0; i < 3; ++i) camera.send_raw(port, not_rtp_packet(next()));
  for (int i = 0; i < 4; ++i) camera.send_raw(port, bad_header_packet(next()));
  camera.send_raw(port, bytes(20'000, 0x80));
  auto other = next();
  other.ssrc = 0x9999;
  for (int i = 0; i < 5; ++i) camera.send_raw(port, make_rtp(other));
  stranger.send(port, 6);
  for (int i = 0; i < 7; ++i) camera.send_raw(port, with_sequence(next().sequence - 1));
  // Numbers far back and far ahead that do not follow each other.
  for (int i = 0; i < 2; ++i) camera.send_raw(port, with_sequence(2000 - 100 * i));
  for (int i = 0; i < 3; ++i) camera.send_raw(port, with_sequence(15'000 + 100 * i));
  camera.send(port, 10);

  REQUIRE(n.reaches("cam", "packets", 20));
  const auto o = n.v1.stream("cam");
  const auto& refused = o.at("refused").as_object();
  CHECK(number(refused, "too_short") == 2);
  CHECK(number(refused, "not_rtp") == 3);
  CHECK(number(refused, "bad_header") == 4);
  CHECK(number(refused, "truncated") == 1);
  CHECK(number(refused, "wrong_ssrc") == 5);
  CHECK(number(refused, "wrong_source") == 6);
  CHECK(number(refused, "duplicate") == 7);
  CHECK(number(refused, "late") == 2);
  CHECK(number(refused, "out_of_order") == 3);
  CHECK(number(refused, "resting") == 0);
  CHECK(number(o, "datagrams") == 20 + 2 + 3 + 4 + 1 + 5 + 6 + 7 + 2 + 3);
  CHECK(adds_up(o));
  CHECK(number(o, "lost") == 0);
}

TEST_CASE("UDP: a resting sender is refused by address on the port that its stream left") {
  node n;
  rtp_sender camera;
  const auto port = n.port_of("first");
  camera.send(port, 4);
  REQUIRE(n.reaches("first", "packets", 4));
  REQUIRE(n.close("first") == 1);
  REQUIRE(n.port_of("second", {{"port", std::to_string(port)}}) == port);
  camera.send(port, 5);
  REQUIRE(eventually(soon, [&] { return n.refused("second", "resting") == 5; }));
  CHECK_FALSE(n.exists("second"));
  CHECK(adds_up(n.v1.stream("second")));
  // The same device begins what it was asked for now.
  REQUIRE(n.call("updateRtpServerSSRC", {{"stream_id", "second"}, {"ssrc", "4242"}}).at("code") == 0);
  camera.send_raw(port, make_rtp({.ssrc = 4242}));
  REQUIRE(n.reaches("second", "packets", 1));
}

TEST_CASE("UDP: loss is what is missing in the sequence, falls when late packets come, and reordering is told apart") {
  node n;
  const auto port = n.port_of("cam");
  rtp_sender camera{0x1234, 65'500};
  camera.send(port, 20);
  const auto skipped = camera.source().fields();
  camera.source().skip(3);
  camera.send(port, 30);  // across the wrap of the sequence number
  REQUIRE(n.reaches("cam", "packets", 50));
  CHECK(n.figure("cam", "lost") == 3);
  camera.send_raw(port, make_rtp(skipped));
  REQUIRE(n.reaches("cam", "packets", 51));
  CHECK(n.figure("cam", "lost") == 2);
  CHECK(n.figure("cam", "reordered") == 1);
}

TEST_CASE("UDP: an SSRC filter refuses others, and a new one is in force when the call answers") {
  node n;
  const auto port = n.port_of("cam", {{"ssrc", "0000000100"}});
  rtp_sender camera{200};
  camera.send(port, 3);
  REQUIRE(eventually(soon, [&] { return n.refused("cam", "wrong_ssrc") == 3; }));
  CHECK_FALSE(n.exists("cam"));
  REQUIRE(n.code("updateRtpServerSSRC", {{"stream_id", "cam"}, {"ssrc", "0000000200"}}) == 0);
  camera.send(port, 4);
  REQUIRE(n.reaches("cam", "packets", 4));
  REQUIRE(n.code("updateRtpServerSSRC", {{"stream_id", "cam"}, {"ssrc", "100"}}) == 0);
  camera.send(port, 5);
  REQUIRE(eventually(soon, [&] { return n.refused("cam", "wrong_ssrc") == 8; }));
  CHECK(n.figure("cam", "packets") == 4);
  // And without a filter, the next SSRC is as good as the first.
  REQUIRE(n.code("updateRtpServerSSRC", {{"stream_id", "cam"}, {"ssrc", "0"}}) == 0);
  camera.send(port, 1);
  CHECK(n.reaches("cam", "packets", 5));
  CHECK(adds_up(n.v1.stream("cam")));
}

TEST_CASE("UDP: junk from anybody locks nothing, and a stranger takes no stream that is fed") {
  node n;
  const auto port = n.port_of("cam");
  rtp_sender stranger{0x1234, 1}, camera{0x1234, 100};
  stranger.send_raw(port, {'h', 'e', 'l', 'l', 'o', ',', ' ', 'w', 'o', 'r', 'l', 'd', '!', '!'});
  REQUIRE(eventually(soon, [&] { return n.refused("cam", "not_rtp") == 1; }));
  CHECK_FALSE(n.exists("cam"));
  camera.send(port, 5);
  REQUIRE(n.reaches("cam", "packets", 5));
  stranger.send(port, 5);
  REQUIRE(eventually(soon, [&] { return n.refused("cam", "wrong_source") == 5; }));
  CHECK(text(n.info("cam"), "peer") == camera.local().to_string());
}

TEST_CASE("source policy learn: a silent sender's place is taken by another one with the same SSRC") {
  node n{{{"rtp_proxy.relearn_ms", "300"}}};
  const auto port = n.port_of("cam");
  rtp_sender before{0x1234, 1}, after{0x1234, 11}, stranger{0x9999, 1};
  before.send(port, 10);
  REQUIRE(n.reaches("cam", "packets", 10));
  CHECK(throughout(1s, [&] {
    before.send(port);
    stranger.send(port);
    return text(n.info("cam"), "peer") == before.local().to_string();
  }));
  after.source().skip(static_cast<std::uint16_t>(before.source().sequence()));
  const auto heard = n.figure("cam", "packets");
  // Its camera sits behind a NAT that has got a new port: heard as soon as the old one is silent.
  REQUIRE(eventually(soon, [&] {
    stranger.send(port);
    after.send(port);
    return n.figure("cam", "packets") > heard + 1;
  }));
  CHECK(text(n.info("cam"), "peer") == after.local().to_string());
  CHECK(number(n.info("cam"), "ssrc_seen") == 0x1234);
  CHECK(number(n.info("cam"), "source_changes") == 1);
}

TEST_CASE("source policy pin: the first sender for good") {
  node n{{{"rtp_proxy.relearn_ms", "1"}}};
  const auto port = n.port_of("cam", {{"source_policy", "pin"}});
  rtp_sender first{0x1234, 1}, second{0x1234, 11};
  first.send(port, 10);
  REQUIRE(n.reaches("cam", "packets", 10));
  REQUIRE(eventually(soon, [&] {
    second.send(port);
    return n.refused("cam", "wrong_source") >= 20;
  }));
  CHECK(n.figure("cam", "packets") == 10);
}

TEST_CASE("source policy follow and any: another sender of the stream's SSRC is heard at once") {
  for (const auto* policy : {"follow", "any"}) {
    INFO(policy);
    node n;
    const auto port = n.port_of("cam", {{"source_policy", policy}});
    rtp_sender first{0x1234, 1}, second{0x1234, 11}, stranger{0x9999, 1};
    first.send(port, 10);
    REQUIRE(n.reaches("cam", "packets", 10));
    second.send(port, 10);
    REQUIRE(n.reaches("cam", "packets", 20));
    CHECK(text(n.info("cam"), "peer") == second.local().to_string());
    stranger.send(port, 3);
    REQUIRE(eventually(soon, [&] { return n.refused("cam", "wrong_ssrc") == 3; }));
    CHECK(n.figure("cam", "packets") == 20);
  }
}

TEST_CASE("UDP: a stream on all addresses of both families shows an IPv4 sender as such") {
  node n;
  const auto port = n.port_of("cam", {{"local_ip", "::"}});
  rtp_sender camera;
  camera.send(port, 3);
  REQUIRE(n.reaches("cam", "packets", 3));
  CHECK(text(n.info("cam"), "peer_ip") == "127.0.0.1");
  CHECK(text(n.info("cam"), "peer") == camera.local().to_string());
}

TEST_CASE("RTCP: a receiver report reaches the sender's RTCP port with the exact loss and the last sender report") {
  node n;
  const auto port = n.port_of("cam");
  const auto rtcp_port = static_cast<std::uint16_t>(port + 1);
  rtp_sender camera{0xcafe, 1000};
  camera.send(port, 80);
  camera.source().skip(20);
  camera.send(port, 1);
  REQUIRE(n.reaches("cam", "packets", 81));
  camera.send_rtcp(rtcp_port, make_sender_report(0xcafe, 0x1122334455667788, 0, 81, 81 * 160));
  camera.send_rtcp(rtcp_port, {0x80, 200, 0xff, 0xff});
  REQUIRE(n.reaches("cam", "sender_reports", 1));
  REQUIRE(n.reaches("cam", "rtcp_malformed", 1));

  // Reports come every five seconds, on the heels of a packet.
  std::optional<received_report> report;
  std::int64_t sent = 81;
  REQUIRE(eventually(soon, [&] {
    if (!report) {
      camera.send(port);
      ++sent;
      report = camera.receive_report();
    }
    return report.has_value();
  }));
  CHECK(report->from.port() == rtcp_port);
  CHECK(report->ssrc == 0xcafe);
  CHECK(report->reporter == 0xcafe + 1);
  CHECK(report->cumulative_lost == 20);
  CHECK(report->last_sr == 0x33445566);
  CHECK(report->delay_since_last_sr > 0);
  CHECK(report->delay_since_last_sr < 65536 * 60);
  const auto highest = report->highest_sequence & 0xffff;
  CHECK(highest >= 1100);
  CHECK(highest < camera.source().sequence());
  const int expected = static_cast<int>(highest) - 1000 + 1;
  CHECK(report->fraction_lost == 20 * 256 / expected);
  CHECK(n.figure("cam", "lost") == 20);
}

TEST_CASE("RTCP: reports of others than the stream's sender are not heard") {
  node n;
  const auto port = n.port_of("cam");
  const auto rtcp_port = static_cast<std::uint16_t>(port + 1);
  rtp_sender camera{0xcafe};
  camera.send_rtcp(rtcp_port, make_sender_report(0xcafe, 1, 0, 0, 0));  // before any RTP: nobody's
  camera.send(port, 3);
  REQUIRE(n.reaches("cam", "packets", 3));
  camera.send_rtcp(rtcp_port, make_sender_report(0xcafe, 2, 0, 3, 480));
  REQUIRE(eventually(soon, [&] { return n.figure("cam", "sender_reports") >= 1; }));
  CHECK(n.figure("cam", "datagrams") == 3);
}

TEST_CASE("multiplex: many SSRCs from one socket become streams named by eight upper-case hex digits") {
  node n;
  const auto port = node::port_in(n.call("openRtpServerMultiplex", {{"port", "0"}, {"stream_id", "gate"}}));
  rtp_sender gateway;
  std::vector<rtp_source> cameras;
  for (std::uint32_t i = 0; i < 20; ++i) cameras.emplace_back(0x00abcde0 + i, static_cast<std::uint16_t>(100 * i));
  for (int round = 0; round < 5; ++round)
    for (auto& camera : cameras) gateway.send_raw(port, camera.next());
  for (const auto& camera : cameras) {
    char name[9];
    std::snprintf(name, sizeof name, "%08X", camera.ssrc());
    INFO(name);
    REQUIRE(n.reaches(name, "packets", 5));
    const auto o = n.info(name);
    CHECK(flag(o, "exist"));
    CHECK(number(o, "local_port") == port);
    CHECK(number(o, "ssrc_seen") == camera.ssrc());
  }
  // The streams are none of listRtpServer's servers, but they are streams.
  CHECK(n.call("listRtpServer").at("data").as_array().size() == 1);
  CHECK(n.v1.get("/v1/streams?prefix=00ABCD").json().at("streams").as_array().size() == 20);
  CHECK(n.figure("gate", "datagrams") == 100);

  REQUIRE(n.close("gate") == 1);
  CHECK_FALSE(n.exists("00ABCDE0"));
  CHECK(n.v1.get("/v1/streams").json().at("streams").as_array().empty());
}

TEST_CASE(
    "multiplex: a single packet of an SSRC makes no stream, and a closed stream's sender does not open it again") {
  node n;
  const auto port = node::port_in(n.call("openRtpServerMultiplex", {{"port", "0"}, {"stream_id", "gate"}}));
  rtp_sender gateway{0xfeed0001};
  gateway.send(port, 1);
  REQUIRE(n.reaches("gate", "datagrams", 1));
  CHECK_FALSE(n.exists("FEED0001"));
  gateway.send(port, 1);
  REQUIRE(n.reaches("FEED0001", "packets", 2));
  REQUIRE(n.close("FEED0001") == 1);
  gateway.send(port, 3);
  REQUIRE(eventually(soon, [&] { return n.refused("gate", "resting") == 3; }));
  CHECK_FALSE(n.exists("FEED0001"));
  CHECK(adds_up(n.v1.stream("gate")));
}

TEST_CASE(
    "rtp_proxy.port: the configured shared port takes streams over UDP and TCP, is not listed and can not be closed") {
  const reserved_ports own{1};
  node n{{{"rtp_proxy.port", std::to_string(own.first())}}};
  rtp_sender camera{0x11};
  camera.send(own.first(), 4);
  REQUIRE(n.reaches("00000011", "packets", 4));
  rtp_tcp_sender device{own.first(), tcp_prefix::two_bytes, 0x22};
  device.send(4);
  REQUIRE(n.reaches("00000022", "packets", 4));
  CHECK(n.call("listRtpServer").at("data").as_array().empty());
  CHECK(n.v1.get("/v1/streams").json().at("streams").as_array().size() == 2);
}
