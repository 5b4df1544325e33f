// RTSP as it comes in: whole, in pieces, broken, and between packets of media.
#include "api/viewers/rtsp_message.hpp"

#include "tests/support/catch.hpp"

using namespace berth::api;

TEST_CASE("rtsp_message: a request is taken with its body, however it is cut") {
  const std::string whole = "SET_PARAMETER rtsp://h/a/s RTSP/1.0\r\nCSeq: 7\r\ncontent-length: 5\r\n\r\nhello$";
  for (std::size_t cut = 0; cut < whole.size() - 1; ++cut) {
    std::string bytes = whole.substr(0, cut);
    rtsp_request r;
    CHECK(take_rtsp(bytes, r) == rtsp_input::incomplete);
    bytes += whole.substr(cut);
    REQUIRE(take_rtsp(bytes, r) == rtsp_input::request);
    CHECK(r.method == "SET_PARAMETER");
    CHECK(r.url == "rtsp://h/a/s");
    CHECK(r.header("cseq") == "7");
    CHECK(bytes == "$");
  }
}

TEST_CASE("rtsp_message: packets between requests are passed over") {
  std::string bytes{
      "$\x01\x00\x03"
      "abcOPTIONS * RTSP/1.0\r\n\r\n",
      29};
  rtsp_request r;
  CHECK(take_rtsp(bytes, r) == rtsp_input::interleaved);
  REQUIRE(take_rtsp(bytes, r) == rtsp_input::request);
  CHECK(r.method == "OPTIONS");
  CHECK(bytes.empty());
}

TEST_CASE("rtsp_message: what is no request is broken, and so is one that has no end") {
  for (const std::string junk :
       {"GET / HTTP/1.1\r\n\r\n", "OPTIONS\r\n\r\n", "A B RTSP/1.0\r\nnothing\r\n\r\n",
        "A B RTSP/1.0\r\nContent-Length: x\r\n\r\n", "A B RTSP/1.0\r\nContent-Length: 99999\r\n\r\n"}) {
    auto bytes = junk;
    rtsp_request r;
    INFO(junk);
    CHECK(take_rtsp(bytes, r) == rtsp_input::broken);
  }
  std::string endless(longest_rtsp_message + 1, 'x');
  rtsp_request r;
  CHECK(take_rtsp(endless, r) == rtsp_input::broken);
}

TEST_CASE("rtsp_message: replies carry the request's number and their body's length") {
  rtsp_request r;
  r.headers = {{"CSeq", "12"}};
  CHECK(rtsp_reply(r, 200, {{"A", "b"}}, "xyz") ==
        "RTSP/1.0 200 OK\r\nCSeq: 12\r\nServer: Berth\r\nA: b\r\nContent-Length: 3\r\n\r\nxyz");
  CHECK(rtsp_reply({}, 461) == "RTSP/1.0 461 Unsupported Transport\r\nServer: Berth\r\n\r\n");
}

TEST_CASE("rtsp_message: the first transport that can be had is the one") {
  auto t = parse_rtsp_transport("RTP/AVP;multicast, rtp/avp/tcp;unicast;interleaved=4-5");
  REQUIRE(t);
  CHECK(t->tcp);
  CHECK(t->channel == 4);
  t = parse_rtsp_transport("RTP/AVP;unicast;client_port=5000-5001");
  REQUIRE(t);
  CHECK_FALSE(t->tcp);
  CHECK(t->rtp_port == 5000);
  CHECK(t->rtcp_port == 5001);
  CHECK(parse_rtsp_transport("RTP/AVP/TCP")->tcp);
  for (const auto* no :
       {"", "RTP/SAVP;unicast", "RTP/AVP;unicast", "RTP/AVP;client_port=x", "RTP/AVP/TCP;interleaved=255-256"})
    CHECK_FALSE(parse_rtsp_transport(no));
}

TEST_CASE("rtsp_message: a URL names a stream, and perhaps a track behind its query") {
  auto t = parse_rtsp_url("rtsp://host:554/rtp/a%20b/c?x=1&y=2/trackID=1");
  REQUIRE(t);
  CHECK(t->app == "rtp");
  CHECK(t->stream == "a b/c");
  CHECK(t->query == "x=1&y=2");
  CHECK(t->track == 1);
  CHECK_FALSE(parse_rtsp_url("rtsp://host/rtp/a/")->track);
  // As players write what they were given.
  t = parse_rtsp_url("rtsp://u:p@ss@[fe80::1%eth0]:554/rtp/a b#c%?x=1 2/trackID=0");
  REQUIRE(t);
  CHECK(t->app == "rtp");
  CHECK(t->stream == "a b#c%");
  CHECK(t->query == "x=1%202");
  CHECK(t->track == 0);
  for (const auto* no :
       {"", "*", "rtsp://host", "rtsp://host/", "rtsp://host/rtp", "rtsp://host/rtp/", "rtsp://h/a/b/trackID=x"})
    CHECK_FALSE(parse_rtsp_url(no));
}
