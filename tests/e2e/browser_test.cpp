// Streams as a person sees them: in a browser, with a player of the kind that platforms put into their pages.
#include <boost/json.hpp>
#include <sstream>

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/media_probe.hpp"
#include "tests/support/needed_programs.hpp"
#include "tests/support/ps_camera.hpp"

using namespace berth::tests;

namespace {

/// What the browser saw of each URL, in their order; pictures of its pages are in `directory`.
std::vector<object> played(const std::vector<std::string>& urls, const std::filesystem::path& directory) {
  needed_browser();
  INFO("`npm ci` in tests/e2e/browser fetches the player, as tests/run does");
  REQUIRE(std::filesystem::exists(BROWSER_DIRECTORY "/node_modules"));
  std::vector<std::string> command{"node", BROWSER_DIRECTORY "/play.mjs", directory.string()};
  command.insert(command.end(), urls.begin(), urls.end());
  const auto said = output_of(command, 180s);
  UNSCOPED_INFO(said);
  std::istringstream lines{said};
  std::vector<object> seen;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with('{')) seen.push_back(boost::json::parse(line).as_object());
  return seen;
}

void check_moves(const object& seen, const std::string& url) {
  CHECK(text(seen, "url") == url);
  CHECK(flag(seen, "ok"));
  CHECK(number(seen, "width") == 320);
  CHECK(number(seen, "height") == 240);
}

}  // namespace

TEST_CASE("browser: HTTP-FLV, WS-FLV and fMP4 are decoded, show a picture, and move", "[heavy]") {
  node n;
  ps_camera camera{n.port_of("cam")};
  temporary_directory pictures;
  const auto at = "://127.0.0.1:" + std::to_string(n.daemon.http_port()) + "/rtp/cam.live.";
  const std::vector<std::string> urls{"http" + at + "flv", "ws" + at + "flv", "http" + at + "mp4"};
  const auto seen = played(urls, pictures.path());
  REQUIRE(seen.size() == urls.size());
  for (std::size_t i = 0; i < urls.size(); ++i) check_moves(seen[i], urls[i]);
  for (const auto* name : {"http-flv.png", "ws-flv.png", "http-mp4.png"})
    CHECK(std::filesystem::file_size(pictures.path() / name) > 1000);
}

TEST_CASE("browser: WebRTC shows a camera, and what one page sends another page sees, over WebRTC and as fMP4",
          "[heavy]") {
  node n{{{"rtc.interfaces", "127.0.0.1"}}};
  ps_camera camera{n.port_of("cam")};
  temporary_directory pictures;
  const auto at = n.daemon.url();
  const auto camera_url = at + "/index/api/whep?app=rtp&stream=cam";
  const auto page_url = at + "/index/api/whep?app=live&stream=page";
  const auto file_url = at + "/live/page.live.mp4";
  const auto seen = played({camera_url, "publish:" + at + "/index/api/whip?app=live&stream=page", page_url, file_url},
                           pictures.path());
  REQUIRE(seen.size() == 3);
  check_moves(seen[0], camera_url);
  check_moves(seen[1], page_url);
  check_moves(seen[2], file_url);
  for (const auto* name : {"whep.png", "http-mp4.png"})
    CHECK(std::filesystem::file_size(pictures.path() / name) > 1000);
}
