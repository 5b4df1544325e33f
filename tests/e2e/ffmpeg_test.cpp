// A real encoder as the camera: what it sends arrives whole.
#include <sys/socket.h>

#include <array>

#include "net/io/socket_factory.hpp"
#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"

using namespace berth::tests;

namespace {

/// Pictures in real time, to 127.0.0.1:port.
class encoder {
 public:
  encoder(const std::string& format, std::uint16_t port, const std::string& rtcp = {})
      : process_({"ffmpeg",
                  "-hide_banner",
                  "-nostdin",
                  "-loglevel",
                  "error",
                  "-re",
                  "-f",
                  "lavfi",
                  "-i",
                  "testsrc=size=640x360:rate=25",
                  "-c:v",
                  "libx264",
                  "-preset",
                  "ultrafast",
                  "-threads",
                  "1",
                  "-g",
                  "25",
                  "-f",
                  format,
                  "rtp://127.0.0.1:" + std::to_string(port) + rtcp},
                 log_.path() / "log") {}

  bool running() { return process_.running(); }
  void stop() { process_.stop(); }

 private:
  temporary_directory log_;
  child_process process_;
};

void check_arrival(node& n, std::uint16_t port, int payload_type) {
  REQUIRE(eventually(30s, [&] { return n.figure("cam", "packets") > 100; }));
  const auto live = n.info("cam");
  CHECK(flag(live, "exist"));
  CHECK(number(live, "local_port") == port);
  CHECK(text(live, "state") == "active");
  const auto o = n.v1.stream("cam");
  CHECK(number(o, "lost") == 0);
  CHECK(number(o, "kernel_drops") == 0);
  CHECK(number(o, "packets") == number(o, "datagrams"));
  CHECK(number(o, "payload_type") == payload_type);
  CHECK(adds_up(o));
}

}  // namespace

TEST_CASE("ffmpeg sends MPEG-TS over RTP: it arrives whole, with RTCP next to it") {
  node n;
  const auto port = n.port_of("cam");
  encoder camera{"rtp_mpegts", port};
  check_arrival(n, port, 33);
  CHECK(eventually(15s, [&] { return n.figure("cam", "sender_reports") > 0; }));
  CHECK(n.figure("cam", "rtcp_malformed") == 0);
  camera.stop();
}

TEST_CASE("ffmpeg sends H.264 over RTP: it arrives whole") {
  node n;
  const auto port = n.port_of("cam");
  encoder camera{"rtp", port};
  check_arrival(n, port, 96);
  camera.stop();
  CHECK(n.exists("cam"));
}

TEST_CASE("ffmpeg's packets over TCP: both framings carry them whole") {
  for (const auto prefix : {tcp_prefix::two_bytes, tcp_prefix::four_bytes}) {
    node n;
    const auto port = n.port_of("cam", {{"tcp_mode", "1"}});
    // FFmpeg has no framed TCP: its datagrams come here and go on in frames.
    const auto relay = foreign_udp_socket();
    const auto relay_rtcp = foreign_udp_socket();
    encoder camera{"rtp_mpegts", berth::net::local_endpoint(relay.get()).port(),
                   "?rtcpport=" + std::to_string(berth::net::local_endpoint(relay_rtcp.get()).port())};
    rtp_tcp_sender device{port, prefix};
    std::int64_t relayed = 0;
    std::array<std::uint8_t, 2000> buffer;
    REQUIRE(eventually(30s, [&] {
      for (;;) {
        const auto got = ::recv(relay.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got <= 0) return relayed > 150;
        device.send_packet({buffer.begin(), buffer.begin() + got});
        ++relayed;
      }
    }));
    camera.stop();
    REQUIRE(n.reaches("cam", "packets", relayed));
    check_arrival(n, port, 33);
    CHECK(text(n.v1.stream("cam"), "transport") == "tcp");
  }
}
