// ZLMediaKit's face: what holds for all of its calls.
#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"

using namespace berth::tests;

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

TEST_CASE(
    "a name that no list or log should carry is refused by every face that would make a stream of it, or look for "
    "one") {
  node n;
  struct row {
    std::string name, encoded, why;
  };
  const std::string overlong(256, 'n');
  const std::vector<row> rows{
      {overlong, overlong, "has 256 bytes, names have 1..255"},
      {"a\nb", "a%0Ab", "has the control character U+000A at byte 1"},
      {"a\xe2\x80\xae", "a%E2%80%AE", "has U+202E at byte 1, which turns the direction of text around"},
      {"a\xff", "a%FF", "is not valid UTF-8"}};
  const std::string longest(255, 'n');
  CHECK(n.port_of(longest) != 0);
  for (const auto& [name, encoded, why] : rows) {
    INFO(encoded);
    CHECK(text(n.open(name), "msg") == "stream_id: " + why);
    CHECK(text(n.call("openRtpServer", {{"port", "0"}, {"stream_id", "a"}, {"app", name}}), "msg") == "app: " + why);
    CHECK(text(n.call("getRtpInfo", {{"stream_id", name}}), "msg") == "stream_id: " + why);
    const text_pairs pulled{
        {"vhost", "__defaultVhost__"}, {"app", "live"}, {"stream", name}, {"url", "rtsp://127.0.0.1:1/a"}};
    CHECK(text(n.call("addStreamProxy", pulled), "msg") == "stream: " + why);
    CHECK(text(n.call("webrtc", {{"app", "live"}, {"stream", name}, {"type", "push"}}), "msg") == "stream: " + why);
    const auto put = n.v1.put("/v1/streams/" + encoded);
    CHECK(put.status == 400);
    CHECK(put.body.find(why) != std::string::npos);
    CHECK(n.v1.put("/v1/streams/a?app=" + encoded).status == 400);
    const auto watched = n.v1.get("/rtp/" + encoded + ".live.flv");
    CHECK(watched.status == 400);
    CHECK(watched.body.find(why) != std::string::npos);
  }
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
