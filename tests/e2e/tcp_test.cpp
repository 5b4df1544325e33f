// RTP over TCP, passive and active: framing, strays, connections that come and go.
#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"

using namespace berth::tests;

TEST_CASE("TCP passive: both framings are recognized, byte by byte too, and every packet counts once") {
  for (const auto prefix : {tcp_prefix::two_bytes, tcp_prefix::four_bytes}) {
    INFO((prefix == tcp_prefix::two_bytes ? "two bytes" : "four bytes"));
    node n;
    const auto port = n.port_of("cam", {{"tcp_mode", "1"}});
    rtp_tcp_sender device{port, prefix};
    device.send(100, 1000);
    REQUIRE(n.reaches("cam", "packets", 100));
    const auto o = n.v1.stream("cam");
    CHECK(number(o, "datagrams") == 100);
    CHECK(number(o, "bytes") == 100 * 1012);
    CHECK(number(o, "lost") == 0);
    CHECK(number(o, "tcp_connections") == 1);
    CHECK(number(o, "tcp_resyncs") == 0);
    CHECK(text(o, "transport") == "tcp");
    CHECK(text(o, "peer") == device.local().to_string());
    CHECK(flag(n.info("cam"), "exist"));
    CHECK(number(n.info("cam"), "local_port") == port);

    // The next packet in pieces of one byte.
    const auto packet = device.source().next(50);
    bytes framed{'$', 0};
    if (prefix == tcp_prefix::two_bytes) framed.clear();
    framed.push_back(0);
    framed.push_back(static_cast<std::uint8_t>(packet.size()));
    framed.insert(framed.end(), packet.begin(), packet.end());
    for (const auto byte : framed) REQUIRE(device.send_raw({byte}));
    CHECK(n.reaches("cam", "packets", 101));
  }
}

TEST_CASE("TCP passive: UDP stays open on the same number") {
  node n;
  const auto port = n.port_of("cam", {{"tcp_mode", "1"}});
  rtp_sender camera;
  camera.send(port, 3);
  CHECK(n.reaches("cam", "packets", 3));
  CHECK(text(n.v1.stream("cam"), "transport") == "udp");
}

TEST_CASE("TCP passive: strays that connect, speak HTTP, and go, harm nobody") {
  node n;
  const auto port = n.port_of("cam", {{"tcp_mode", "1"}});
  rtp_tcp_sender device{port, tcp_prefix::two_bytes};
  device.send(10);
  REQUIRE(n.reaches("cam", "packets", 10));
  const std::string request = "GET / HTTP/1.1\r\nHost: nobody\r\n\r\n";
  for (int i = 0; i < 20; ++i) {
    rtp_tcp_sender stray{port, tcp_prefix::two_bytes, 0x6666};
    if (i % 2 == 0) stray.send_raw({request.begin(), request.end()});
    device.send(1);
  }
  REQUIRE(n.reaches("cam", "packets", 30));
  REQUIRE(n.reaches("cam", "tcp_connections", 21));
  CHECK(n.figure("cam", "lost") == 0);
  CHECK(text(n.info("cam"), "peer") == device.local().to_string());
  CHECK_FALSE(device.closed_by_peer());
}

TEST_CASE("TCP passive: more connections than one stream takes do not push the camera out") {
  node n;
  const auto port = n.port_of("cam", {{"tcp_mode", "1"}});
  rtp_tcp_sender device{port, tcp_prefix::two_bytes};
  device.send(2);
  REQUIRE(n.reaches("cam", "packets", 2));
  std::vector<std::unique_ptr<rtp_tcp_sender>> strays;
  for (int i = 0; i < 40; ++i) strays.push_back(std::make_unique<rtp_tcp_sender>(port, tcp_prefix::two_bytes, 0x6666));
  REQUIRE(n.reaches("cam", "tcp_connections", 41));
  CHECK(n.figure("cam", "tcp_refused") > 0);
  device.send(5);
  CHECK(n.reaches("cam", "packets", 7));
}

TEST_CASE("TCP passive: a device that reconnects within the time-out goes on with the same stream") {
  node n;
  const auto opened = n.open("cam", {{"tcp_mode", "1"}});
  const auto port = node::port_in(opened);
  auto device = std::make_unique<rtp_tcp_sender>(port, tcp_prefix::two_bytes, 0x1234, 1);
  device->send(10);
  REQUIRE(n.reaches("cam", "packets", 10));
  device.reset();
  REQUIRE(eventually(soon, [&] { return !text(n.info("cam"), "last_reason").empty(); }));
  CHECK(n.exists("cam"));
  CHECK(tcp_port_listening(port));
  rtp_tcp_sender again{port, tcp_prefix::four_bytes, 0x1234, 11};
  again.send(10);
  REQUIRE(n.reaches("cam", "packets", 20));
  CHECK(number(n.info("cam"), "generation") == number(opened, "generation"));
  CHECK(n.figure("cam", "lost") == 0);
}

TEST_CASE("TCP passive: a new SSRC filter acts on the live connection") {
  node n;
  const auto port = n.port_of("cam", {{"tcp_mode", "1"}, {"ssrc", "1"}});
  rtp_tcp_sender device{port, tcp_prefix::two_bytes, 2};
  device.send(3);
  REQUIRE(eventually(soon, [&] { return n.refused("cam", "wrong_ssrc") == 3; }));
  REQUIRE(n.code("updateRtpServerSSRC", {{"stream_id", "cam"}, {"ssrc", "2"}}) == 0);
  device.send(4);
  REQUIRE(n.reaches("cam", "packets", 4));
  REQUIRE(n.code("updateRtpServerSSRC", {{"stream_id", "cam"}, {"ssrc", "1"}}) == 0);
  device.send(5);
  REQUIRE(eventually(soon, [&] { return n.refused("cam", "wrong_ssrc") == 8; }));
  CHECK(adds_up(n.v1.stream("cam")));
  CHECK_FALSE(device.closed_by_peer());
}

TEST_CASE("TCP passive: garbage in the middle is skipped, and the packets behind it are found") {
  node n;
  const auto port = n.port_of("cam", {{"tcp_mode", "1"}});
  rtp_tcp_sender device{port, tcp_prefix::two_bytes};
  device.send(10);
  REQUIRE(n.reaches("cam", "packets", 10));
  REQUIRE(device.send_raw(bytes(3000, 0xee)));
  REQUIRE(eventually(soon, [&] {
    device.send(2);
    return n.figure("cam", "packets") >= 20;
  }));
  CHECK(n.figure("cam", "tcp_resyncs") >= 1);
  CHECK(n.figure("cam", "tcp_skipped_bytes") >= 3000);
}

TEST_CASE("TCP active: the answer comes when the connection is up, from the stream's own port, and packets count") {
  node n;
  const auto port = n.port_of("cam", {{"tcp_mode", "2"}});
  tcp_device device;
  CHECK(n.code("connectRtpServer",
               {{"stream_id", "cam"}, {"dst_url", "127.0.0.1"}, {"dst_port", std::to_string(device.port())}}) == 0);
  berth::net::endpoint from;
  auto connection = device.accept(&from);
  REQUIRE(connection);
  CHECK(from.port() == port);
  rtp_tcp_sender sender{std::move(connection), tcp_prefix::two_bytes};
  sender.send(10);
  CHECK(n.reaches("cam", "packets", 10));
  CHECK(number(n.info("cam"), "local_port") == port);
}

TEST_CASE("TCP active: refused is -1 with a reason, the server keeps its port, and the next attempt works") {
  node n;
  const auto port = n.port_of("cam", {{"tcp_mode", "2"}});
  tcp_device device;
  const auto number_of_device = std::to_string(device.port());
  device.close();
  const text_pairs there{{"stream_id", "cam"}, {"dst_url", "127.0.0.1"}, {"dst_port", number_of_device}};
  const auto refused = n.call("connectRtpServer", there);
  CHECK(number(refused, "code") == -1);
  CHECK(text(refused, "msg").find("refused") != std::string::npos);
  CHECK(number(*n.item("cam"), "port") == port);

  tcp_device other;
  CHECK(n.code("connectRtpServer",
               {{"stream_id", "cam"}, {"dst_url", "localhost"}, {"dst_port", std::to_string(other.port())}}) == 0);
  berth::net::endpoint from;
  REQUIRE(other.accept(&from));
  CHECK(from.port() == port);
  CHECK(n.peer.client().connections() == 1);
}

TEST_CASE("TCP active: what fails, and what is asked for twice, leaves the connection that is there") {
  node n;
  n.port_of("cam", {{"tcp_mode", "2"}});
  const auto connect = [&](const tcp_device& to) {
    return n.code("connectRtpServer",
                  {{"stream_id", "cam"}, {"dst_url", "127.0.0.1"}, {"dst_port", std::to_string(to.port())}});
  };
  tcp_device device, other, gone;
  const auto nobody = gone.port();
  gone.close();
  REQUIRE(connect(device) == 0);
  rtp_tcp_sender sender{device.accept(), tcp_prefix::two_bytes};
  sender.send(5);
  REQUIRE(n.reaches("cam", "packets", 5));

  CHECK(n.code("connectRtpServer",
               {{"stream_id", "cam"}, {"dst_url", "127.0.0.1"}, {"dst_port", std::to_string(nobody)}}) == -1);
  CHECK(connect(device) == 0);
  sender.send(5);
  CHECK(n.reaches("cam", "packets", 10));
  CHECK(n.figure("cam", "tcp_connections") == 1);

  CHECK(connect(other) == 0);
  rtp_tcp_sender second{other.accept(), tcp_prefix::two_bytes};
  second.source().skip(10);
  second.send(5);
  CHECK(n.reaches("cam", "packets", 15));
  CHECK(eventually(soon, [&] { return sender.closed_by_peer(); }));
}

TEST_CASE("TCP active: an unknown stream, one of another mode, and a name that does not resolve are -1") {
  node n;
  n.port_of("udp");
  n.port_of("cam", {{"tcp_mode", "2"}});
  const auto connect = [&](const std::string& id, const std::string& host, const std::string& port) {
    return n.call("connectRtpServer", {{"stream_id", id}, {"dst_url", host}, {"dst_port", port}});
  };
  const auto unknown = connect("nobody", "127.0.0.1", "1");
  CHECK(number(unknown, "code") == -1);
  CHECK(text(unknown, "msg") == "can not find the stream");
  const auto mode = connect("udp", "127.0.0.1", "1");
  CHECK(number(mode, "code") == -1);
  CHECK(text(mode, "msg").find("tcp_mode 2") != std::string::npos);
  CHECK(number(connect("cam", "no-such-host.invalid", "1"), "code") == -1);
  CHECK(number(connect("cam", "127.0.0.1", "0"), "code") == -300);
  CHECK(number(connect("cam", "127.0.0.1", "x"), "code") == -300);
}

TEST_CASE("TCP active: a lost connection is made again by itself") {
  node n;
  n.port_of("cam", {{"tcp_mode", "2"}});
  tcp_device device;
  REQUIRE(n.code("connectRtpServer",
                 {{"stream_id", "cam"}, {"dst_url", "127.0.0.1"}, {"dst_port", std::to_string(device.port())}}) == 0);
  {
    rtp_tcp_sender first{device.accept(), tcp_prefix::two_bytes, 0x1234};
    first.send(5);
    REQUIRE(n.reaches("cam", "packets", 5));
  }
  berth::net::unique_fd again;
  REQUIRE(eventually(soon, [&] {
    again = device.accept();
    return static_cast<bool>(again);
  }));
  rtp_tcp_sender second{std::move(again), tcp_prefix::two_bytes, 0x1234};
  second.source().skip(5);
  second.send(5);
  CHECK(n.reaches("cam", "packets", 10));
  CHECK(n.figure("cam", "lost") == 0);
}
