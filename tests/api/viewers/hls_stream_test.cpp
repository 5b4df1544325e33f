// HLS over real sockets: lists, files, who is asked, who is counted, and the end.
#include "api/viewers/hls_stream.hpp"

#include <algorithm>
#include <future>
#include <list>

#include "tests/support/catch.hpp"
#include "tests/support/condition.hpp"
#include "tests/support/media_client.hpp"
#include "tests/support/media_node.hpp"

using namespace berth;
using namespace berth::tests;
using namespace std::chrono_literals;

namespace {

struct answer {
  std::string head, body;
  bool is(int status) const { return head.starts_with("HTTP/1.1 " + std::to_string(status)); }
};

answer get(const media_node& node, const std::string& target) {
  media_client client{node.port};
  answer a;
  a.head = client.get(target);
  a.body = client.body(a.head);
  return a;
}

/// Lines of a playlist that are no tags.
std::vector<std::string> files_of(const std::string& playlist) {
  std::vector<std::string> files;
  for (std::size_t at = 0; at < playlist.size();) {
    const auto end = std::min(playlist.find('\n', at), playlist.size());
    if (playlist[at] != '#') files.push_back(playlist.substr(at, end - at));
    at = end + 1;
  }
  return files;
}

/// One second of video.
void write_second(live_source& source) { source.write_gop(25); }

/// Asks while the stream goes on, so that there is something to wait for.
answer get_live(const media_node& node, const std::string& target, live_source& source) {
  auto asked = std::async(std::launch::async, [&] { return get(node, target); });
  for (int i = 0; i < 2000 && asked.wait_for(5ms) != std::future_status::ready; ++i) write_second(source);
  return asked.get();
}

api::viewer_settings short_segments() {
  api::viewer_settings s;
  s.hls.segment_seconds = 1;
  return s;
}

}  // namespace

TEST_CASE("hls_stream: the first request waits for a segment, and the files of the list are there", "[hls_stream]") {
  media_node node{short_segments()};
  live_source source;
  node.publish("a/cam", source);
  const auto list = get_live(node, "/rtp/a/cam/hls.m3u8?token=x", source);
  CHECK(list.is(200));
  CHECK(list.head.find("Content-Type: application/vnd.apple.mpegurl\r\n") != list.head.npos);
  CHECK(list.head.find("Cache-Control: no-store\r\n") != list.head.npos);
  CHECK(get(node, "/rtp/a/cam/hls.m3u8?token=x").is(200));
  CHECK(source.frames->viewers(net::schema::hls) == 1);
  const auto files = files_of(list.body);
  REQUIRE(!files.empty());
  const auto file = get(node, "/rtp/a/cam/" + files[0]);
  CHECK(file.is(200));
  CHECK(file.head.find("Content-Type: video/mp2t\r\n") != file.head.npos);
  REQUIRE(file.body.size() % 188 == 0);
  CHECK(file.body.at(0) == 0x47);

  CHECK(node.asked().size() == 1);  // once for all that this player asks
  CHECK(node.asked()[0].params == "token=x");
  CHECK(node.asked()[0].as == net::schema::hls);
  REQUIRE(node.media.viewers().size() == 1);
  CHECK(node.media.viewers().list()[0].bytes == file.body.size());
  CHECK(get(node, "/rtp/a/cam/hls.m3u8?token=y").is(200));
  CHECK(node.asked().size() == 2);
  CHECK(node.media.viewers().size() == 1);  // one for all players of an address
  CHECK(get(node, "/rtp/a/cam/9-9-0.ts").is(404));
  CHECK(get(node, "/rtp/other/" + files[0]).is(404));
}

TEST_CASE("hls_stream: fragmented MP4 has an initialization file", "[hls_stream]") {
  media_node node{short_segments()};
  live_source source;
  node.publish("cam", source);
  const auto list = get_live(node, "/rtp/cam/hls.fmp4.m3u8", source);
  REQUIRE(list.is(200));
  const auto map = list.body.find("#EXT-X-MAP:URI=\"");
  REQUIRE(map != std::string::npos);
  const auto begin = map + 16;
  const auto init = get(node, "/rtp/cam/" + list.body.substr(begin, list.body.find('"', begin) - begin));
  REQUIRE(init.is(200));
  CHECK(init.body.substr(4, 4) == "ftyp");
  const auto media = get(node, "/rtp/cam/" + files_of(list.body).at(0));
  REQUIRE(media.is(200));
  CHECK(media.body.find("moof") != std::string::npos);
}

TEST_CASE("hls_stream: a stream without a segment is not found when the wait is over", "[hls_stream]") {
  auto s = short_segments();
  s.stream_wait = 50ms;
  media_node node{s};
  live_source source;
  node.publish("cam", source);
  CHECK(get(node, "/rtp/cam/hls.m3u8").is(404));
  CHECK(get(node, "/rtp/none/hls.m3u8").is(404));
  node.refuse("secret", actors::errc::play_refused, "the token is wrong");
  const auto refused = get(node, "/rtp/secret/hls.m3u8");
  CHECK(refused.is(401));
  CHECK(refused.body == "the token is wrong\n");
}

TEST_CASE("hls_stream: a player that asks no more counts no more, then nothing is made", "[hls_stream]") {
  auto s = short_segments();
  s.hls_viewer = 100ms;
  s.hls_idle = 400ms;
  media_node node{s};
  live_source source;
  node.publish("cam", source);
  CHECK(get_live(node, "/rtp/cam/hls.m3u8", source).is(200));
  CHECK(eventually(patience, [&] { return node.media.viewers().size() == 0; }));
  CHECK(source.frames->viewers() == 0);
  CHECK(node.departures().size() == 1);
  CHECK(eventually(patience, [&] { return node.media.hls().size() == 0; }));
  CHECK(node.departures().size() == 1);
}

TEST_CASE("hls_stream: the end of the stream is in the list, for a while", "[hls_stream]") {
  auto s = short_segments();
  s.hls_after_end = 300ms;
  media_node node{s};
  live_source source;
  node.publish("cam", source);
  const auto live = get_live(node, "/rtp/cam/hls.m3u8", source);
  CHECK(live.body.find("#EXT-X-ENDLIST") == std::string::npos);
  source.frames->end();
  auto list = live;
  CHECK(eventually(patience, [&] {
    list = get(node, "/rtp/cam/hls.m3u8");
    return list.body.find("#EXT-X-ENDLIST") != std::string::npos;
  }));
  CHECK(eventually(patience, [&] { return node.media.hls().size() == 0; }));
  CHECK(source.frames->viewers() == 0);

  live_source next;  // the same name, another life
  node.publish("cam", next);
  const auto fresh = get_live(node, "/rtp/cam/hls.m3u8", next);
  CHECK(fresh.is(200));
  CHECK(fresh.body.find("#EXT-X-ENDLIST") == std::string::npos);
  REQUIRE(!files_of(fresh.body).empty());
  CHECK(files_of(fresh.body)[0].substr(0, 4) != files_of(list.body).at(0).substr(0, 4));
}

TEST_CASE("hls_stream: each address that asks is a viewer, and is kicked for itself", "[hls_stream]") {
  api::http_settings http;
  http.forwarded_ip_header = "X-Forwarded-For";
  media_node node{short_segments(), 2, http};
  live_source source;
  node.publish("cam", source);
  std::list<media_client> players;
  for (int i = 1; i <= 4; ++i) {
    players.emplace_back(node.port);
    players.back().send("GET /rtp/cam/hls.m3u8 HTTP/1.1\r\nHost: test\r\nX-Forwarded-For: 192.0.2." +
                        std::to_string(i) + "\r\n\r\n");
    CHECK(eventually(patience, [&] { return node.media.viewers().size() == static_cast<std::size_t>(i); }));
  }
  CHECK(source.frames->viewers(net::schema::hls) == 4);
  CHECK(node.media.viewers().kick(node.media.viewers().list().at(0).who.id));
  CHECK(eventually(patience, [&] { return node.media.viewers().size() == 3; }));
  CHECK(eventually(patience, [&] { return node.departures().size() == 1; }));
  CHECK(node.media.hls().size() == 1);
  CHECK(source.frames->viewers(net::schema::hls) == 3);
}

TEST_CASE("hls_stream: who was kicked is asked about again, and all end when it is stopped", "[hls_stream]") {
  media_node node{short_segments()};
  live_source source;
  node.publish("cam", source);
  media_client player{node.port}, again{node.port};
  player.send("GET /rtp/cam/hls.m3u8 HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(eventually(patience, [&] { return node.media.viewers().size() == 1; }));
  CHECK(node.media.viewers().kick(node.media.viewers().list().at(0).who.id));
  CHECK(eventually(patience, [&] { return node.departures().size() == 1; }));
  CHECK(node.asked().size() == 1);

  again.send("GET /rtp/cam/hls.m3u8 HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(eventually(patience, [&] { return node.media.viewers().size() == 1; }));
  CHECK(node.asked().size() == 2);
  std::promise<void> done;
  node.media.stop([&] { done.set_value(); });
  done.get_future().wait();
  CHECK(node.departures().size() == 2);
  CHECK(source.frames->viewers() == 0);
  CHECK(get(node, "/rtp/cam/hls.m3u8").is(503));
}
