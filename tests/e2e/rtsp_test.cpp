// RTSP: FFmpeg watches over TCP and UDP, and a client that plays by the book, or not, gets an answer.
#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <map>

#include "net/io/socket_factory.hpp"
#include "tests/e2e/rtsp_node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hook_receiver.hpp"
#include "tests/support/media_probe.hpp"

using namespace berth::tests;

namespace {

/// One connection, one request at a time; media that comes in between is counted.
class rtsp_client {
 public:
  explicit rtsp_client(std::uint16_t port) : socket_(io_) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
  }
  void send(const std::string& text) { boost::asio::write(socket_, boost::asio::buffer(text)); }
  std::string ask(const std::string& method, const std::string& url, const std::string& more = {}) {
    send(method + " " + url + " RTSP/1.0\r\nCSeq: " + std::to_string(++cseq_) + "\r\n" + more + "\r\n");
    return reply();
  }
  /// The next reply; empty if the connection has ended.
  std::string reply() {
    std::string text;
    while (!text.ends_with("\r\n\r\n")) {
      char c = 0;
      if (!read(&c, 1)) return {};
      if (text.empty() && c == '$') {
        if (!packet()) return {};
        continue;
      }
      text += c;
    }
    const auto at = text.find("Content-Length: ");
    if (at == text.npos) return text;
    std::string body(std::stoul(text.substr(at + 16)), '\0');
    return read(body.data(), body.size()) ? text + body : std::string{};
  }
  /// Reads on until packets of that channel have come.
  bool media(std::uint8_t channel) {
    const auto wanted = packets[channel] + 5;
    char c = 0;
    while (packets[channel] < wanted)
      if (!read(&c, 1) || c != '$' || !packet()) return false;
    return true;
  }
  std::map<std::uint8_t, int> packets;

 private:
  bool read(char* to, std::size_t size) {
    boost::system::error_code failed;
    boost::asio::read(socket_, boost::asio::buffer(to, size), failed);
    return !failed;
  }
  bool packet() {
    char head[3];
    if (!read(head, 3)) return false;
    std::string body(
        static_cast<std::size_t>(static_cast<unsigned char>(head[1]) << 8 | static_cast<unsigned char>(head[2])), '\0');
    ++packets[static_cast<std::uint8_t>(head[0])];
    return read(body.data(), body.size());
  }

  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_;
  int cseq_ = 0;
};

}  // namespace

TEST_CASE("RTSP: FFmpeg plays over TCP and over UDP, from a key frame on, pictures and sound") {
  rtsp_node r;
  const auto transport = GENERATE(std::string{"tcp"}, "udp");
  const auto seen = output_of(
      {"ffprobe", "-v", "error", "-rtsp_transport", transport, "-count_frames", "-read_intervals", "%+#30",
       "-show_entries", "stream=codec_name,width,height,nb_read_frames", "-of", "csv=p=0", r.url("/rtp/cam?token=1")});
  INFO(seen);
  CHECK(seen.starts_with("h264,320,240,"));
  CHECK(seen.find("aac,") != std::string::npos);
  CHECK(seen.find("rror") == std::string::npos);
  CHECK(eventually(soon, [&] { return r.readers() == 0; }));
}

TEST_CASE(
    "RTSP: a client asks, sets up one track or both on channels of its choice, is heard while it watches, leaves") {
  hook_receiver hooks;
  rtsp_node r{{{"hook.enable", "1"}, {"hook.on_play", hooks.url("/play")}}};
  rtsp_client c{r.port};
  const auto url = r.url("/rtp/cam?token=abc");
  CHECK(c.ask("OPTIONS", "*").find("Public: OPTIONS, DESCRIBE") != std::string::npos);
  const auto described = c.ask("DESCRIBE", url, "Accept: application/sdp\r\n");
  INFO(described);
  CHECK(described.starts_with("RTSP/1.0 200 OK\r\nCSeq: 2\r\n"));
  CHECK(described.find("m=video 0 RTP/AVP 96") != std::string::npos);
  CHECK(described.find("sprop-parameter-sets=") != std::string::npos);
  CHECK(described.find("a=rtpmap:97 mpeg4-generic/8000") != std::string::npos);
  CHECK(c.ask("PLAY", url).starts_with("RTSP/1.0 455"));
  CHECK(c.ask("SETUP", url + "/trackID=7", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n")
            .starts_with("RTSP/1.0 404"));
  CHECK(c.ask("SETUP", url + "/trackID=0", "Transport: RTP/AVP;multicast\r\n").starts_with("RTSP/1.0 461"));
  const bool both = GENERATE(true, false);
  const auto set_up =
      c.ask("SETUP", url + "/trackID=0", "Transport: RTP/AVP;multicast,RTP/AVP/TCP;unicast;interleaved=10-11\r\n");
  CHECK(set_up.find("Transport: RTP/AVP/TCP;unicast;interleaved=10-11") != std::string::npos);
  if (both)
    CHECK(c.ask("SETUP", url + "/trackID=1", "Transport: RTP/AVP/TCP;unicast;interleaved=4-5\r\n")
              .starts_with("RTSP/1.0 200"));
  CHECK(c.ask("PLAY", url, "Range: npt=0.000-\r\n").starts_with("RTSP/1.0 200"));
  CHECK(c.media(10));
  CHECK(c.packets[11] > 0);
  CHECK(r.readers() == 1);
  CHECK(c.ask("GET_PARAMETER", url).starts_with("RTSP/1.0 200"));
  CHECK(c.ask("PAUSE", url).starts_with("RTSP/1.0 200"));
  CHECK(c.ask("PLAY", url).starts_with("RTSP/1.0 200"));
  CHECK(c.media(10));
  CHECK((c.packets[4] > 0) == both);
  CHECK(c.packets[0] + c.packets[2] == 0);
  CHECK(c.ask("ANNOUNCE", url).starts_with("RTSP/1.0 455"));
  CHECK(c.ask("TEARDOWN", url).starts_with("RTSP/1.0 200"));
  CHECK(c.reply().empty());
  CHECK(eventually(soon, [&] { return r.readers() == 0; }));
  REQUIRE(hooks.wait_for("/play"));
  const auto asked = boost::json::parse(hooks.requests("/play")[0].body).as_object();
  CHECK(text(asked, "protocol") == "rtsp");
  CHECK(text(asked, "schema") == "rtsp");
  CHECK(text(asked, "params") == "token=abc");
  CHECK(hooks.requests("/play").size() == 1);
}

TEST_CASE("RTSP: what is not there, not allowed or not RTSP is refused, and the stream goes on") {
  hook_receiver hooks;
  rtsp_node r{{{"general.maxStreamWaitMS", "200"}, {"hook.enable", "1"}, {"hook.on_play", hooks.url("/play")}}};
  CHECK(rtsp_client{r.port}.ask("DESCRIBE", r.url("/rtp/nobody")).starts_with("RTSP/1.0 404"));
  // The hook's connection is kept from now on, and each client's own goes.
  const auto descriptors = r.n.daemon.descriptors();
  CHECK(rtsp_client{r.port}.ask("DESCRIBE", r.url("/")).starts_with("RTSP/1.0 404"));
  CHECK(rtsp_client{r.port}.ask("RECORD", r.url("/rtp/cam")).starts_with("RTSP/1.0 501"));
  hooks.decide([](const hook_receiver::heard&) { return hook_reply{.body = R"({"code":1,"msg":"not you"})"}; });
  CHECK(rtsp_client{r.port}.ask("DESCRIBE", r.url("/rtp/cam")).starts_with("RTSP/1.0 401"));
  for (const auto* junk : {"\x16\x03\x01\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "PLAY\r\n\r\n",
                           "A B RTSP/1.0\r\nno colon\r\n\r\n", "A B RTSP/1.0\r\nContent-Length: 99999999999\r\n\r\n"}) {
    rtsp_client c{r.port};
    c.send(junk);
    CHECK(c.reply().starts_with("RTSP/1.0 400"));
    CHECK(c.reply().empty());
  }
  rtsp_client endless{r.port};
  endless.send(std::string(20'000, 'x'));
  CHECK(endless.reply().starts_with("RTSP/1.0 400"));
  CHECK(eventually(soon, [&] { return r.n.daemon.descriptors() <= descriptors + 1; }));
  CHECK(r.n.exists("cam"));
}

TEST_CASE("RTSP: over UDP media goes to the ports that the client named, stops at a pause, and goes on after it") {
  rtsp_node r;
  rtsp_client c{r.port};
  const auto url = r.url("/rtp/cam");
  const auto rtp = foreign_udp_socket(), rtcp = foreign_udp_socket();
  const auto port_of = [](const berth::net::unique_fd& s) {
    return std::to_string(berth::net::local_endpoint(s.get()).port());
  };
  const auto drain = [](const berth::net::unique_fd& s) {
    std::array<char, 2048> room;
    int n = 0;
    while (::recv(s.get(), room.data(), room.size(), MSG_DONTWAIT) > 0) ++n;
    return n;
  };
  const auto set_up = c.ask("SETUP", url + "/trackID=0",
                            "Transport: RTP/AVP;unicast;client_port=" + port_of(rtp) + "-" + port_of(rtcp) + "\r\n");
  CHECK(set_up.find("server_port=") != std::string::npos);
  CHECK(c.ask("SETUP", url + "/trackID=1", "Transport: RTP/AVP/TCP;unicast\r\n").starts_with("RTSP/1.0 461"));
  REQUIRE(c.ask("PLAY", url).starts_with("RTSP/1.0 200"));
  CHECK(eventually(soon, [&] { return drain(rtp) > 0; }));
  CHECK(eventually(soon, [&] { return drain(rtcp) > 0; }));
  CHECK(c.ask("PAUSE", url).starts_with("RTSP/1.0 200"));
  CHECK(eventually(soon, [&] { return throughout(200ms, [&] { return drain(rtp) == 0; }); }));
  CHECK(c.ask("GET_PARAMETER", url).starts_with("RTSP/1.0 200"));
  CHECK(c.ask("PLAY", url).starts_with("RTSP/1.0 200"));
  // A decoder has missed what came in between: it gets a sequence parameter set first.
  std::array<std::uint8_t, 2048> first{};
  REQUIRE(eventually(soon, [&] { return ::recv(rtp.get(), first.data(), first.size(), MSG_DONTWAIT) > 12; }));
  CHECK((first[12] & 0x1f) == 7);
  CHECK(r.readers() == 1);
  CHECK(c.ask("TEARDOWN", url).starts_with("RTSP/1.0 200"));
  CHECK(eventually(soon, [&] { return r.readers() == 0; }));
}

TEST_CASE("RTSP: the end of a stream ends its players") {
  rtsp_node r;
  rtsp_client c{r.port};
  const auto url = r.url("/rtp/cam");
  REQUIRE(c.ask("SETUP", url + "/trackID=0", "Transport: RTP/AVP/TCP;unicast\r\n").starts_with("RTSP/1.0 200"));
  REQUIRE(c.ask("PLAY", url).starts_with("RTSP/1.0 200"));
  CHECK(c.media(0));
  CHECK(r.n.close("cam") == 1);
  while (c.media(0)) {
  }
  CHECK(c.reply().empty());
}
