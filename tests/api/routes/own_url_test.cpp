#include "api/routes/own_url.hpp"

#include <string>

#include "tests/support/catch.hpp"

using namespace berth;
using namespace berth::api;

TEST_CASE("own_url: a URL is this node's own by its host and its port, and names a stream then") {
  http_request r;
  r.local = *net::endpoint::parse("192.0.2.5", 8080);
  r.headers = {{"Host", "media.example:8080"}};
  config_layers layers;
  layers.command_line = parse_set_arguments({"http.port=0", "rtsp.port=8554"});
  const auto settings = config::build(layers);
  REQUIRE(settings);
  struct row {
    const char* url;
    const char* key;  ///< empty: another server's
  };
  const row rows[] = {
      {"http://127.0.0.1:8080/rtp/cam.live.flv", "rtp/cam"},
      {"http://192.0.2.5:8080/rtp/cam.live.mp4?a=b", "rtp/cam"},
      {"http://MEDIA.example:8080/rtp/cam/hls.m3u8", "rtp/cam"},
      {"ws://localhost:8080/rtp/cam.live.flv", "rtp/cam"},
      {"rtsp://user:word@127.0.0.1:8554/live/a%20b", "live/a b"},
      {"rtsp://[::1]:8554/rtp/cam", "rtp/cam"},
      {"http://127.0.0.1:8081/rtp/cam.live.flv", ""},
      {"http://127.0.0.1/rtp/cam.live.flv", ""},
      {"rtsp://127.0.0.1/rtp/cam", ""},
      {"http://192.0.2.6:8080/rtp/cam.live.flv", ""},
      {"http://other.example:8080/rtp/cam.live.flv", ""},
      {"rtsp://127.0.0.1:8080/rtp/cam", ""},
      {"https://127.0.0.1:8080/rtp/cam", ""},
      {"http://127.example.com:8080/rtp/cam.live.flv", ""},
      {"file:///rtp/cam", ""},
      {"nonsense", ""},
  };
  for (const auto& [url, key] : rows) {
    INFO(url);
    const auto found = own_stream_of(url, r, *settings);
    CHECK((found ? found->app + "/" + found->stream : "") == key);
  }
}
