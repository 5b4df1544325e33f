// Viewers of the real program who behave as viewers do: many, slow, gone, rude. And a disk that is full.
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hook_receiver.hpp"
#include "tests/support/media_client.hpp"
#include "tests/support/media_probe.hpp"
#include "tests/support/ps_camera.hpp"

using namespace berth::tests;

namespace {

const std::string flv = "/rtp/cam.live.flv";
const text_pairs as_rtmp{{"schema", "rtmp"}, {"vhost", "__defaultVhost__"}, {"app", "rtp"}, {"stream", "cam"}};

std::size_t players(node& n) { return n.call("getMediaPlayerList", as_rtmp).at("data").as_array().size(); }

/// Reads one stream as FLV until it ends, on a thread of its own.
class reader {
 public:
  reader(std::uint16_t port, bool websocket) {
    thread_ = std::thread{[this, port, websocket] { websocket ? over_websocket(port) : over_http(port); }};
  }
  ~reader() { thread_.join(); }

  std::atomic<std::size_t> pictures{0};
  flv_reader seen;  ///< when `done`
  std::atomic<bool> done{false};

 private:
  void over_http(std::uint16_t port) {
    media_client client{port};
    client.get(flv);
    for (std::uint32_t n = 1; client.read_pictures(n); ++n) pictures = n;
    seen = std::move(client.flv);
    done = true;
  }
  void over_websocket(std::uint16_t port) {
    ws_client client;
    client.connect(port, flv);
    while (client.read()) pictures = client.flv.pictures.size();
    seen = std::move(client.flv);
    done = true;
  }
  std::thread thread_;
};

/// Each picture 40 ms behind the one before, beginning with a key frame.
bool nothing_missing(const flv_reader& seen) {
  if (seen.broken || seen.pictures.empty() || !seen.pictures.front().key) return false;
  return std::adjacent_find(seen.pictures.begin(), seen.pictures.end(),
                            [](const auto& a, const auto& b) { return b.ms - a.ms != 40; }) == seen.pictures.end();
}

}  // namespace

TEST_CASE("viewers: of fifty five stop reading: they are cut, the others miss nothing", "[heavy]") {
  node n{{{"http.viewer_timeout_sec", "1"}}};
  ps_camera camera{n.port_of("cam"), heavy_pictures(20'000)};
  const auto port = n.daemon.http_port();
  std::vector<std::unique_ptr<reader>> steady;
  for (int i = 0; i < 45; ++i) steady.push_back(std::make_unique<reader>(port, i % 2 == 0));
  REQUIRE(eventually(
      soon, [&] { return std::all_of(steady.begin(), steady.end(), [](const auto& r) { return r->pictures > 0; }); }));
  const auto before = n.daemon.resident_bytes();
  std::vector<std::unique_ptr<media_client>> stopped;
  for (int i = 0; i < 5; ++i) {
    stopped.push_back(std::make_unique<media_client>(port, 4096));
    REQUIRE(stopped.back()->get(flv).starts_with("HTTP/1.1 200"));
  }
  REQUIRE(players(n) == 50);
  REQUIRE(eventually(std::chrono::seconds{30}, [&] { return players(n) == 45; }));
  for (const auto& s : stopped) CHECK(s->is_cut());
  CHECK(n.daemon.resident_bytes() < before + 64 * 1024 * 1024);
  camera.stop();
  CHECK(n.close("cam") == 1);
  for (const auto& r : steady) {
    REQUIRE(eventually(soon, [&] { return r->done.load(); }));
    CHECK(nothing_missing(r->seen));
  }
  CHECK(players(n) == 0);
}

TEST_CASE("viewers: one is listed, kicked, and told of, over HTTP and WebSocket") {
  hook_receiver receiver;
  node n{
      {{"hook.enable", "1"}, {"hook.on_flow_report", receiver.url("/on_flow_report")}, {"general.flowThreshold", "0"}}};
  ps_camera camera{n.port_of("cam")};
  const auto port = n.daemon.http_port();
  for (const bool websocket : {false, true}) {
    reader r{port, websocket};
    REQUIRE(eventually(soon, [&] { return r.pictures > 10 && players(n) == 1; }));
    const auto player = n.call("getMediaPlayerList", as_rtmp).at("data").at(0).as_object();
    CHECK(text(player, "protocol") == (websocket ? "ws" : "http"));
    CHECK(n.code("kick_session", {{"id", text(player, "identifier")}}) == 0);
    REQUIRE(eventually(soon, [&] { return r.done.load(); }));
    CHECK(nothing_missing(r.seen));
    CHECK(players(n) == 0);
  }
  REQUIRE(receiver.wait_for("/on_flow_report", 2));
}

TEST_CASE("viewers: more connections than are allowed meet a bound, and the API goes on") {
  node n{{{"http.max_connections", "100"}}};
  REQUIRE(n.code("getServerConfig") == 0);  // this connection is there first
  std::vector<std::unique_ptr<media_client>> idle;
  for (int i = 0; i < 130; ++i) idle.push_back(std::make_unique<media_client>(n.daemon.http_port()));
  media_client late{n.daemon.http_port()};
  const auto head = late.get(flv);
  CHECK((head.empty() || head.starts_with("HTTP/1.1 503")));
  CHECK(n.code("getServerConfig") == 0);
  CHECK(n.daemon.descriptors() < 250);
  idle.clear();
  CHECK(eventually(soon, [&] {
    media_client again{n.daemon.http_port()};
    return again.get("/v1/health/live").starts_with("HTTP/1.1 200");
  }));
}

TEST_CASE("viewers: a full disk ends the recording with a reason, and the stream goes on") {
  hook_receiver receiver;
  temporary_directory www;
  node n{{{"protocol.mp4_save_path", www.path().string()},
          {"hook.enable", "1"},
          {"hook.on_record_mp4", receiver.url("/on_record_mp4")}}};
  ps_camera camera{n.port_of("cam"), heavy_pictures(20'000)};
  auto record = as_rtmp;
  record.emplace_back("type", "1");
  REQUIRE(eventually(soon, [&] { return n.code("startRecord", record) == 0; }));
  // As full as a disk can be for one process.
  const rlimit little{300'000, 300'000};
  REQUIRE(::prlimit(n.daemon.pid(), RLIMIT_FSIZE, &little, nullptr) == 0);
  REQUIRE(receiver.wait_for("/on_record_mp4"));
  const auto told = boost::json::parse(receiver.requests("/on_record_mp4")[0].body).as_object();
  CHECK(text(told, "error").find("File too large") != std::string::npos);
  CHECK(number(told, "file_size") <= 300'000);
  CHECK_FALSE(flag(n.call("isRecording", record), "status"));
  CHECK(probed(text(told, "file_path"), 100).find("h264,320,240") != std::string::npos);
  reader r{n.daemon.http_port(), true};
  CHECK(eventually(soon, [&] { return r.pictures > 20; }));
  CHECK(n.close("cam") == 1);
}
