// Streams as a person sees them: in a browser, with a player of the kind that platforms put into their pages.
#include <boost/json.hpp>
#include <sstream>

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/media_probe.hpp"
#include "tests/support/ps_camera.hpp"

using namespace berth::tests;

TEST_CASE("browser: HTTP-FLV, WS-FLV and fMP4 are decoded, show a picture, and move", "[heavy]") {
  if (camera_pictures().empty()) return;
  node n;
  ps_camera camera{n.port_of("cam")};
  temporary_directory pictures;
  const auto at = "://127.0.0.1:" + std::to_string(n.daemon.http_port()) + "/rtp/cam.live.";
  const std::vector<std::string> urls{"http" + at + "flv", "ws" + at + "flv", "http" + at + "mp4"};
  std::vector<std::string> command{"node", BROWSER_DIRECTORY "/play.mjs", pictures.path().string()};
  command.insert(command.end(), urls.begin(), urls.end());
  const auto said = output_of(command, 180s);
  INFO(said);
  std::istringstream lines{said};
  for (const auto& url : urls) {
    std::string line;
    REQUIRE(std::getline(lines, line));
    REQUIRE(line.starts_with('{'));
    const auto seen = boost::json::parse(line).as_object();
    CHECK(text(seen, "url") == url);
    CHECK(flag(seen, "ok"));
    CHECK(number(seen, "width") == 320);
    CHECK(number(seen, "height") == 240);
  }
  for (const auto* name : {"http-flv.png", "ws-flv.png", "http-mp4.png"})
    CHECK(std::filesystem::file_size(pictures.path() / name) > 1000);
}
