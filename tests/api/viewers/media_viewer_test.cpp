// Viewers over real sockets: what they see, who waits for whom, and how each of them ends.
#include "api/viewers/media_viewer.hpp"

#include <atomic>
#include <thread>

#include "tests/support/catch.hpp"
#include "tests/support/condition.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/media_client.hpp"
#include "tests/support/media_node.hpp"

using namespace berth;
using namespace berth::tests;
using namespace std::chrono_literals;
namespace websocket = boost::beast::websocket;

namespace {

bool consecutive(const flv_reader& seen, std::uint32_t first, std::uint32_t last) {
  if (seen.broken || seen.pictures.size() != last - first + 1) return false;
  for (std::size_t i = 0; i < seen.pictures.size(); ++i)
    if (seen.pictures[i].number != first + i || !seen.pictures[i].whole) return false;
  return true;
}

/// Reads on a thread of its own and never stops.
class steady_viewer {
 public:
  explicit steady_viewer(std::uint16_t port) : client_(port) {
    client_.get("/rtp/cam.live.flv");
    thread_ = std::thread{[this] {
      for (std::uint32_t n = 0; client_.read_until(n); n = client_.flv.pictures.back().number + 1)
        newest_ = client_.flv.pictures.back().number;
    }};
  }
  ~steady_viewer() { join(); }
  bool has(std::uint32_t number) const {
    return eventually(patience, [&] { return newest_ >= number; });
  }
  /// When the stream is over.
  const flv_reader& join() {
    if (thread_.joinable()) thread_.join();
    return client_.flv;
  }

 private:
  media_client client_;
  std::atomic<std::int64_t> newest_{-1};
  std::thread thread_;
};

}  // namespace

TEST_CASE("media_viewer: a player over HTTP begins with the group of pictures under way", "[media_viewer]") {
  media_node node;
  live_source source;
  node.publish("cam", source);
  source.write_gop(3);
  source.write_gop(2);
  media_client player{node.port};
  const auto head = player.get("/rtp/cam.live.flv?token=a%20b&vhost=elsewhere", "Origin: http://page\r\n");
  CHECK(head.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(contains(head, "Content-Type: video/x-flv\r\n"));
  CHECK(contains(head, "Cache-Control: no-store\r\n"));
  CHECK(contains(head, "Connection: close\r\n"));
  CHECK(contains(head, "Access-Control-Allow-Origin: http://page\r\n"));
  CHECK(contains(head, "Access-Control-Allow-Credentials: true\r\n"));
  CHECK_FALSE(contains(head, "Content-Length"));
  CHECK(contains(head, "Transfer-Encoding: chunked"));
  REQUIRE(player.read_until(4));
  source.write(false);
  REQUIRE(player.read_until(5));
  CHECK(player.flv.is_flv);
  CHECK(consecutive(player.flv, 3, 5));

  REQUIRE(node.asked().size() == 1);
  const auto asked = node.asked().front();
  CHECK(asked.params == "token=a%20b&vhost=elsewhere");
  CHECK(asked.key == actors::stream_key{"__defaultVhost__", "rtp", "cam"});
  CHECK(asked.as == net::schema::rtmp);
  CHECK(asked.protocol == "http");
  CHECK(asked.local.port() == node.port);
  const auto listed = node.media.viewers().list(asked.key, net::schema::rtmp);
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].who.id == asked.id);
  CHECK(eventually(patience, [&] { return node.media.viewers().list().at(0).bytes > 500; }));
  CHECK(node.media.viewers().list(asked.key, net::schema::ts).empty());
  CHECK(source.frames->viewers(net::schema::rtmp) == 1);
  CHECK(eventually(patience, [&] { return node.connections() == 1; }));

  source.frames->end();
  CHECK(player.read_rest());
  CHECK(eventually(patience, [&] { return node.departures().size() == 1; }));
  CHECK(node.departures()[0].who.id == asked.id);
  CHECK(node.departures()[0].taken.bytes > 500);
  CHECK(source.frames->viewers() == 0);
  CHECK(node.media.viewers().size() == 0);
}

TEST_CASE("media_viewer: a player that goes is noticed, without a frame to send", "[media_viewer]") {
  media_node node;
  live_source source;
  node.publish("cam", source);
  source.write_gop(1);
  {
    media_client player{node.port};
    player.get("/rtp/cam.live.ts");
    CHECK(eventually(patience, [&] { return source.frames->viewers(net::schema::ts) == 1; }));
  }
  CHECK(eventually(patience, [&] { return source.frames->viewers() == 0; }));
  CHECK(eventually(patience, [&] { return node.connections() == 0; }));
  CHECK(node.departures().size() == 1);
}

TEST_CASE("media_viewer: a player over WebSocket reads binary messages, and its ping is answered", "[media_viewer]") {
  media_node node;
  live_source source;
  node.publish("cam", source);
  source.write_gop(3);
  ws_client player;
  REQUIRE_FALSE(player.connect(node.port, "/rtp/cam.live.flv", "flv, other"));
  CHECK(player.response["Sec-WebSocket-Protocol"] == "flv");
  CHECK(player.response["Sec-WebSocket-Extensions"] == "");
  REQUIRE(player.read_until(2));
  CHECK(player.messages == 1);  // what was there came joined
  CHECK(player.binary);
  player.write("a word");
  player.ping();
  while (!player.got_pong && source.next() < 5000) {
    source.write(false);
    REQUIRE(player.read_until(source.next() - 1));
  }
  CHECK(player.got_pong);
  CHECK(consecutive(player.flv, 0, source.next() - 1));
  CHECK(node.media.viewers().list().at(0).who.protocol == "ws");

  source.frames->end();
  CHECK_FALSE(player.read());
  CHECK(player.error == websocket::error::closed);
  CHECK(player.reason().code == websocket::close_code::normal);
  CHECK(player.reason().reason == "the stream is over");
  CHECK(eventually(patience, [&] { return node.connections() == 0; }));
}

TEST_CASE("media_viewer: a WebSocket that its player closes", "[media_viewer]") {
  media_node node;
  live_source source;
  node.publish("cam", source);
  source.write_gop(3);
  ws_client player;
  REQUIRE_FALSE(player.connect(node.port, "/rtp/cam.live.flv"));
  REQUIRE(player.read_until(2));
  player.close();
  CHECK_FALSE(player.error);
  CHECK(eventually(patience, [&] { return node.departures().size() == 1; }));
  CHECK(eventually(patience, [&] { return node.connections() == 0; }));
}

TEST_CASE("media_viewer: a handshake that is none gets an answer and no stream", "[media_viewer]") {
  media_node node;
  live_source source;
  node.publish("cam", source);
  media_client player{node.port};
  const auto head =
      player.get("/rtp/cam.live.flv", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
  CHECK(head.starts_with("HTTP/1.1 400"));
  CHECK(player.is_cut());
  CHECK(eventually(patience, [&] { return node.media.viewers().size() == 0; }));
}

TEST_CASE("media_viewer: who stops reading is cut, and nobody else misses anything", "[media_viewer]") {
  media_node node{{.viewer_timeout = 300ms}};
  live_source source;
  node.publish("cam", source);
  source.write(true, 2000);
  media_client stopped{node.port, 4096};
  stopped.get("/rtp/cam.live.flv");
  ws_client stopped_too;
  REQUIRE_FALSE(stopped_too.connect(node.port, "/rtp/cam.live.flv"));
  steady_viewer steady{node.port};
  REQUIRE(steady.has(0));
  REQUIRE(node.media.viewers().size() == 3);
  // As much as it takes to fill the kernel's buffers, and as long as it takes to be noticed.
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (node.media.viewers().size() > 1 && std::chrono::steady_clock::now() < give_up) {
    for (int i = 0; i < 20; ++i) source.write(i == 0, 20'000);
    REQUIRE(steady.has(source.next() - 1));
  }
  CHECK(node.media.viewers().size() == 1);
  CHECK(stopped.is_cut());
  CHECK_FALSE(stopped_too.read_until(UINT32_MAX));
  CHECK(stopped_too.error != boost::asio::error::timed_out);
  const auto last = source.next() - 1;
  source.frames->end();
  CHECK(consecutive(steady.join(), 0, last));
  CHECK(node.departures().size() == 3);
}

TEST_CASE("media_viewer: who falls behind goes on at a key frame, and is told of", "[media_viewer]") {
  media_node node{{.viewer_timeout = 60s, .send_buffer = 16 * 1024}};
  live_source source;
  node.publish("cam", source);
  source.write(true, 2000);
  media_client slow{node.port, 4096};
  slow.get("/rtp/cam.live.flv");
  const auto id = node.media.viewers().list().at(0).who.id;
  steady_viewer steady{node.port};
  REQUIRE(steady.has(0));
  // More than the ring holds, with what is on its way.
  while (source.next() < 3000) {
    for (int i = 0; i < 20; ++i) source.write(i == 0, 2000);
    REQUIRE(steady.has(source.next() - 1));
  }
  REQUIRE(slow.read_until(source.next() - 1));
  std::size_t jumps = 0;
  bool sound = !slow.flv.broken;
  for (std::size_t i = 1; i < slow.flv.pictures.size(); ++i) {
    const auto& p = slow.flv.pictures[i];
    const bool jump = p.number != slow.flv.pictures[i - 1].number + 1;
    jumps += jump ? 1 : 0;
    sound = sound && p.whole && (!jump || p.key);
  }
  CHECK(sound);
  CHECK(jumps == 1);
  const auto missed = source.next() - slow.flv.pictures.size();
  CHECK(missed > 1000);
  std::uint64_t told = 0;
  for (const auto& v : node.media.viewers().list())
    if (v.who.id == id) told = v.skipped;
  CHECK(told == missed);
  const auto last = source.next() - 1;
  source.frames->end();
  CHECK(consecutive(steady.join(), 0, last));
}

TEST_CASE("media_viewer: who takes little, but takes, is not cut", "[media_viewer]") {
  media_node node{{.viewer_timeout = 200ms, .send_buffer = 16 * 1024}};
  live_source source;
  node.publish("cam", source);
  source.write(true, 600'000);  // one write of several timeouts
  media_client slow{node.port, 4096};
  slow.get("/rtp/cam.live.flv");
  CHECK(slow.read_until(0));
  CHECK(node.media.viewers().size() == 1);
}

TEST_CASE("media_viewer: a client that sends junk is cut", "[media_viewer]") {
  media_node node;
  live_source source;
  node.publish("cam", source);
  source.write_gop(2);
  media_client player{node.port};
  player.get("/rtp/cam.live.flv");
  REQUIRE(player.read_until(1));
  player.send(std::string(4000, 'x'));
  source.write(false);
  CHECK(player.read_until(2));
  player.send(std::string(4000, 'x'));
  CHECK(player.is_cut());

  media_client early{node.port};
  early.send("GET /rtp/cam.live.flv HTTP/1.1\r\n\r\n" + std::string(10'000, 'x'));
  CHECK(early.is_cut());

  ws_client talker;
  REQUIRE_FALSE(talker.connect(node.port, "/rtp/cam.live.flv"));
  talker.write(std::string(5000, 'x'));
  CHECK_FALSE(talker.read_until(100));
  CHECK(talker.error != boost::asio::error::timed_out);

  media_client no_frames{node.port};
  const auto head = no_frames.get("/rtp/cam.live.flv",
                                  "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
  CHECK(head.starts_with("HTTP/1.1 101"));
  no_frames.send(std::string(100, '\xff'));
  CHECK(no_frames.is_cut());
  CHECK(eventually(patience, [&] { return node.connections() == 0; }));
  CHECK(node.media.viewers().size() == 0);
}

TEST_CASE("media_viewer: kicked by its id, or with all of its stream", "[media_viewer]") {
  media_node node;
  live_source source, other;
  node.publish("cam", source);
  node.publish("other", other);
  source.write_gop(2);
  other.write_gop(2);
  media_client first{node.port}, elsewhere{node.port};
  first.get("/rtp/cam.live.flv");
  elsewhere.get("/rtp/other.live.flv");
  ws_client second;
  REQUIRE_FALSE(second.connect(node.port, "/rtp/cam.live.flv"));
  REQUIRE(first.read_until(1));
  REQUIRE(second.read_until(1));
  REQUIRE(elsewhere.read_until(1));
  const auto http = node.asked().at(0).id;
  CHECK_FALSE(node.media.viewers().kick("7-7"));
  CHECK(node.media.viewers().kick(http));
  CHECK(first.is_cut());
  CHECK(eventually(patience, [&] { return node.departures().size() == 1; }));
  CHECK(node.departures()[0].who.id == http);
  CHECK_FALSE(node.media.viewers().kick(http));

  CHECK(node.media.viewers().kick_all({"__defaultVhost__", "rtp", "cam"}) == 1);
  CHECK_FALSE(second.read());
  CHECK(second.reason().code == websocket::close_code::policy_error);
  CHECK(eventually(patience, [&] { return node.media.viewers().size() == 1; }));
  other.write(false);
  CHECK(elsewhere.read_until(2));
}

TEST_CASE("media_viewer: one viewer too many is told so, and fits in when another has left", "[media_viewer]") {
  media_node node{{.max_viewers = 1}};
  live_source source;
  node.publish("cam", source);
  source.write_gop(2);
  {
    media_client first{node.port};
    first.get("/rtp/cam.live.flv");
    REQUIRE(first.read_until(1));
    media_client second{node.port};
    const auto head = second.get("/rtp/cam.live.flv");
    CHECK(head.starts_with("HTTP/1.1 503"));
    CHECK(contains(second.body(head), "1 viewers watch already"));
  }
  CHECK(eventually(patience, [&] { return node.media.viewers().size() == 0; }));
  media_client third{node.port};
  CHECK(third.get("/rtp/cam.live.flv").starts_with("HTTP/1.1 200"));
}

TEST_CASE("media_viewer: the next viewer behind the last begins with the group of pictures under way",
          "[media_viewer]") {
  media_node node;
  live_source source;
  node.publish("cam", source);
  source.write_gop(2);
  for (int i = 0; i < 3; ++i) {
    const auto begin = source.next() - 2;
    media_client player{node.port};
    player.get("/rtp/cam.live.flv");
    REQUIRE(player.read_until(begin + 1));
    CHECK(consecutive(player.flv, begin, begin + 1));
    source.write_gop(2);
    CHECK(player.read_until(begin + 3));
  }
}

TEST_CASE("media_viewer: many viewers in all groups see every frame", "[media_viewer]") {
  media_node node{{}, 3};
  live_source source;
  node.publish("cam", source);
  source.write(true);
  std::vector<std::unique_ptr<media_client>> players;
  for (int i = 0; i < 40; ++i) {
    players.push_back(std::make_unique<media_client>(node.port));
    players.back()->get("/rtp/cam.live.flv");
  }
  for (int i = 0; i < 200; ++i) source.write(false, 500);
  source.frames->end();
  for (auto& p : players) {
    CHECK(p->read_rest());
    CHECK(consecutive(p->flv, 0, 200));
  }
}

TEST_CASE("media_viewer: stop ends them all, tells of each once, and lets nobody in", "[media_viewer]") {
  media_node node;
  live_source source;
  node.publish("cam", source);
  source.write_gop(2);
  media_client http{node.port}, silent{node.port};
  http.get("/rtp/cam.live.flv");
  silent.get("/rtp/cam.live.mp4");
  ws_client ws;
  REQUIRE_FALSE(ws.connect(node.port, "/rtp/cam.live.flv"));
  REQUIRE(http.read_until(1));
  REQUIRE(ws.read_until(1));
  std::promise<void> done;
  node.media.stop([&] { done.set_value(); });
  done.get_future().wait();
  CHECK(node.departures().size() == 3);
  CHECK(source.frames->viewers() == 0);
  CHECK(node.media.viewers().size() == 0);
  CHECK(http.read_rest());
  CHECK_FALSE(ws.read());
  CHECK(ws.reason().code == websocket::close_code::going_away);
  media_client late{node.port};
  late.get("/rtp/cam.live.flv");
  CHECK(late.is_cut());
  node.stop();
  CHECK(node.departures().size() == 3);
  CHECK(source.frames->viewers() == 0);
}
