// What a path asks for, and what those are told who get no stream.
#include "api/viewers/viewer_entrance.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/media_client.hpp"
#include "tests/support/media_node.hpp"

using namespace berth;
using namespace berth::tests;
using kind = api::viewer_path::kind;

TEST_CASE("viewer_path: the names of streams", "[viewer_path]") {
  struct row {
    const char* path;
    kind what;
    net::container as;
    const char *app, *stream, *session, *file;
  };
  const row rows[] = {
      {"/rtp/cam.live.flv", kind::live, net::container::flv, "rtp", "cam", "", ""},
      {"/rtp/cam.live.mp4", kind::live, net::container::fmp4, "rtp", "cam", "", ""},
      {"/rtp/cam.live.ts", kind::live, net::container::ts, "rtp", "cam", "", ""},
      {"/live/a/b c.live.ts", kind::live, net::container::ts, "live", "a/b c", "", ""},
      {"/rtp/x.live.y.live.flv", kind::live, net::container::flv, "rtp", "x.live.y", "", ""},
      {"/rtp/cam.live.avi", kind::unknown, net::container::flv, "rtp", "cam", "", "avi"},
      {"/rtp/cam.live.FLV", kind::unknown, net::container::flv, "rtp", "cam", "", "FLV"},
      {"/rtp/cam/hls.m3u8", kind::playlist, net::container::ts, "rtp", "cam", "", ""},
      {"/rtp/a/cam/hls.fmp4.m3u8", kind::playlist, net::container::fmp4, "rtp", "a/cam", "", ""},
      {"/rtp/a/cam/12-3-17.ts", kind::segment, net::container::ts, "rtp", "a/cam", "12-3", "17.ts"},
      {"/rtp/cam/12-3-17.m4s", kind::segment, net::container::fmp4, "rtp", "cam", "12-3", "17.m4s"},
      {"/rtp/cam/1-1-init0.mp4", kind::segment, net::container::fmp4, "rtp", "cam", "1-1", "init0.mp4"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.path);
    const auto p = api::parse_viewer_path(r.path);
    REQUIRE(p);
    CHECK(p->what == r.what);
    if (r.what != kind::unknown) CHECK(p->as == r.as);
    CHECK(p->app == r.app);
    CHECK(p->stream == r.stream);
    CHECK(p->session == r.session);
    CHECK(p->file == r.file);
  }
}

TEST_CASE("viewer_path: what names no stream", "[viewer_path]") {
  for (const auto* path : {"",
                           "/",
                           "//",
                           "rtp/cam.live.flv",
                           "/cam.live.flv",
                           "/rtp",
                           "/rtp/",
                           "/rtp/.live.flv",
                           "//cam.live.flv",
                           "/rtp/hls.m3u8",
                           "/rtp//hls.m3u8",
                           "/rtp/cam",
                           "/rtp/cam.flv",
                           "/rtp/cam/17.ts",
                           "/rtp/cam/a-1-17.ts",
                           "/rtp/cam/1--17.ts",
                           "/rtp/cam/1-1-17.mkv",
                           "/rtp/cam/-",
                           "/rtp/.live.",
                           "/rtp/x.live.y/z"}) {
    CAPTURE(path);
    CHECK_FALSE(api::parse_viewer_path(path));
  }
}

TEST_CASE("viewer_entrance: each refusal has its status and a sentence", "[viewer_entrance]") {
  media_node node;
  live_source source, sound;
  node.publish("cam", source);
  const auto g711 = std::make_shared<net::track>();
  g711->format = net::codec::pcma;
  g711->kind = net::media_kind::audio;
  sound.frames->set_tracks({g711});
  node.publish("sound", sound);
  node.refuse("secret", actors::errc::play_refused, "the token is wrong");
  node.refuse("busy", actors::errc::too_many_streams, "too many wait");
  struct row {
    const char *path, *status, *text;
  };
  const row rows[] = {
      {"/rtp/secret.live.flv", "401", "the token is wrong"},
      {"/rtp/none.live.flv", "404", "404 Not Found"},
      {"/rtp/busy.live.flv", "503", "too many wait"},
      {"/rtp/cam.live.avi", "404", "'avi' is not a container that is served"},
      {"/rtp/sound.live.mp4", "415", "PCMA can not be carried in fmp4"},
      {"/rtp/sound.live.ts", "415", "PCMA can not be carried in ts"},
      {"/rtp/sound/hls.m3u8", "415", "PCMA can not be carried in ts"},
      {"/rtp/cam", "404", "404 Not Found"},
  };
  media_client client{node.port};
  for (const auto& r : rows) {
    CAPTURE(r.path);
    const auto head = client.get(r.path);  // the connection goes on
    CHECK(head.substr(9, 3) == r.status);
    CHECK(client.body(head).find(r.text) != std::string::npos);
  }
  CHECK(client.get("/rtp/sound.live.flv").substr(9, 3) == "200");
  CHECK(source.frames->viewers() == 0);
}

TEST_CASE("viewer_entrance: a WebSocket for a stream that is not there is refused before it begins",
          "[viewer_entrance]") {
  media_node node;
  ws_client player;
  CHECK(player.connect(node.port, "/rtp/none.live.flv") == boost::beast::websocket::error::upgrade_declined);
  CHECK(player.response.result_int() == 404);
}

TEST_CASE("viewer_entrance: behind a proxy a viewer is who the proxy says", "[viewer_entrance]") {
  api::http_settings http;
  http.forwarded_ip_header = "X-Forwarded-For";
  media_node node{{}, 2, http};
  live_source source;
  node.publish("cam", source);
  source.write_gop(3);
  media_client player{node.port};
  REQUIRE(player.get("/rtp/cam.live.flv", "X-Forwarded-For: 203.0.113.7\r\n").substr(9, 3) == "200");
  REQUIRE(node.asked().size() == 1);
  CHECK(node.asked()[0].peer.address_string() == "203.0.113.7");
  REQUIRE(node.media.viewers().list().size() == 1);
  CHECK(node.media.viewers().list()[0].who.peer.address_string() == "203.0.113.7");
}
