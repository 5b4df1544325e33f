// What the node fetches itself: streams of another node, its own recordings, pictures from anywhere.
#include <filesystem>
#include <fstream>

#include "tests/e2e/rtsp_node.hpp"
#include "tests/support/hook_receiver.hpp"
#include "tests/support/media_probe.hpp"

using namespace berth::tests;

namespace {

std::int64_t pictures_of(node& n, const std::string& app, const std::string& id) {
  const auto info = n.call("getMediaInfo", named(app, id));
  if (!info.contains("tracks")) return 0;
  for (const auto& t : info.at("tracks").as_array())
    if (number(t.as_object(), "codec_type") == 0) return number(t.as_object(), "frames");
  return 0;
}

bool flows(node& n, const std::string& app, const std::string& id) {
  const auto before = pictures_of(n, app, id);
  return eventually(soon, [&] { return pictures_of(n, app, id) > before + 10; });
}

/// A node with one recording of its own, about two seconds long.
struct archive_node {
  archive_node() : n{{{"protocol.mp4_save_path", www.path().string()}}} {
    ps_camera camera{n.port_of("cam")};
    REQUIRE(eventually(soon, [&] { return n.online("rtp", "cam"); }));
    const auto what = named("rtp", "cam", {{"type", "1"}});
    REQUIRE(n.code("startRecord", what) == 0);
    const auto before = camera.sent();
    REQUIRE(eventually(soon, [&] { return camera.sent() > before + 60; }));
    REQUIRE(n.code("stopRecord", what) == 0);
    for (const auto& e : std::filesystem::recursive_directory_iterator{www.path()})
      if (e.is_regular_file()) film = e.path();
    REQUIRE_FALSE(film.empty());
    REQUIRE(n.close("cam") == 1);
  }
  std::int64_t load(const std::string& path, text_pairs more = {}) {
    return n.code("loadMP4File", named("mp4_record", "film", [&] {
                    more.emplace_back("file_path", path);
                    return more;
                  }()));
  }

  temporary_directory www;
  node n;
  std::filesystem::path film;
};

}  // namespace

TEST_CASE("sources: what another server has is pulled, watched, listed once, and ended by its key") {
  rtsp_node other;
  struct way {
    const char* path;
    const char* transport;
  };
  const auto by =
      GENERATE(way{"rtsp", "0"}, way{"rtsp", "1"}, way{"/rtp/cam.live.flv", "0"}, way{"/rtp/cam.live.ts", "0"});
  const std::string transport = by.transport;
  const auto url = by.path == std::string{"rtsp"} ? other.url("/rtp/cam") : other.n.daemon.url() + by.path;
  INFO(url << ", rtp_type " << transport);
  hook_receiver receiver;
  node n{{{"hook.enable", "1"},
          {"hook.on_stream_changed", receiver.url("/on_stream_changed")},
          {"hook.on_publish", receiver.url("/on_publish")},
          {"hook.stream_changed_schemas", "rtsp"}}};
  const auto wanted = named("live", "pulled", {{"url", url}, {"rtp_type", transport}});
  const auto made = n.call("addStreamProxy", wanted);
  REQUIRE(number(made, "code") == 0);
  CHECK(text(made.at("data").as_object(), "key") == "__defaultVhost__/live/pulled");
  REQUIRE(eventually(soon, [&] { return n.online("live", "pulled"); }));
  CHECK(flows(n, "live", "pulled"));
  const auto info = n.call("getMediaInfo", named("live", "pulled"));
  CHECK(number(info, "originType") == 4);
  CHECK(text(info, "originUrl") == url);
  CHECK(info.at("tracks").as_array().size() == 2);  // the other one's silence
  CHECK(probed(n.daemon.url() + "/live/pulled.live.flv").find("h264,320,240") != std::string::npos);
  REQUIRE(receiver.wait_for("/on_stream_changed"));
  CHECK(receiver.requests("/on_publish").empty());

  const auto again = n.call("addStreamProxy", wanted);
  CHECK(number(again, "code") == -1);
  CHECK(text(again, "msg").starts_with("This stream already exists"));
  CHECK(n.call("listRtpServer").at("data").as_array().empty());
  REQUIRE(n.call("listStreamProxy").at("data").as_array().size() == 1);

  const text_pairs key{{"key", "__defaultVhost__/live/pulled"}};
  CHECK(flag(n.call("delStreamProxy", key).at("data").as_object(), "flag"));
  CHECK_FALSE(n.online("live", "pulled"));
  CHECK_FALSE(flag(n.call("delStreamProxy", key).at("data").as_object(), "flag"));
  CHECK(eventually(soon, [&] { return other.readers() == 0; }));
  CHECK(receiver.wait_for("/on_stream_changed", 2));
}

TEST_CASE("sources: what can not be pulled is refused with the reason, and leaves nothing") {
  rtsp_node other{{{"general.maxStreamWaitMS", "0"}}};
  node n{{{"pull.deny_ip_range", "127.0.0.9"}, {"pull.timeout_ms", "700"}}};
  const auto refusal = [&](const std::string& url, const text_pairs& more = {}) {
    auto wanted = named("live", "x", more);
    wanted.emplace_back("url", url);
    const auto answer = n.call("addStreamProxy", wanted);
    CHECK(number(answer, "code") != 0);
    return text(answer, "msg");
  };
  CHECK(refusal("file:///etc/passwd").find("names no host") != std::string::npos);
  CHECK(refusal("file://localhost/etc/passwd").find("pull.schemes") != std::string::npos);
  CHECK(refusal("/etc/passwd").find("no scheme") != std::string::npos);
  CHECK(refusal("rtsp://127.0.0.9/x").find("127.0.0.9") != std::string::npos);
  CHECK(refusal("rtsp://[::ffff:127.0.0.9]/x").find("127.0.0.9") != std::string::npos);
  CHECK(refusal("http://127.0.0.1:1/x.flv").find("refused") != std::string::npos);
  CHECK(refusal(other.url("/rtp/absent")).find("404") != std::string::npos);
  CHECK(refusal(other.url("/rtp/cam"), {{"rtp_type", "7"}}).find("rtp_type") != std::string::npos);
  // What it leads to is no media at all.
  CHECK_FALSE(refusal(other.n.daemon.url() + "/index/api/version").empty());
  CHECK_FALSE(n.online("live", "x"));
  CHECK(n.v1.get("/v1/streams").body.find("\"x\"") == std::string::npos);
}

TEST_CASE("sources: a server that goes and comes back is pulled again, as the same stream") {
  rtsp_node other;
  node n;
  REQUIRE(n.code("addStreamProxy", named("live", "pulled", {{"url", other.url("/rtp/cam")}})) == 0);
  REQUIRE(flows(n, "live", "pulled"));
  const auto cam = other.n.info("cam");
  const auto made = n.call("getMediaInfo", named("live", "pulled"));
  other.n.daemon.kill();
  other.n.daemon.start();
  peer_face again{other.n.daemon.http_port(), other.n.daemon.secret()};
  REQUIRE(number(again.call("openRtpServer", node::with("cam", {{"port", std::to_string(number(cam, "local_port"))}})),
                 "code") == 0);
  CHECK(flows(n, "live", "pulled"));
  CHECK(number(n.call("getMediaInfo", named("live", "pulled")), "createStamp") == number(made, "createStamp"));
}

TEST_CASE("sources: a recording is played back from where it is told to, at any speed, and ends") {
  archive_node a;
  REQUIRE(a.load(a.film.string(), {{"file_repeat", "1"}}) == 0);
  REQUIRE(eventually(soon, [&] { return a.n.online("mp4_record", "film"); }));
  CHECK(probed(a.n.daemon.url() + "/mp4_record/film.live.flv").find("h264,320,240") != std::string::npos);
  CHECK(number(a.n.call("getMediaInfo", named("mp4_record", "film")), "originType") == 6);
  CHECK(a.n.code("seekRecordStamp", named("mp4_record", "film", {{"stamp", "500"}})) == 0);
  CHECK(flows(a.n, "mp4_record", "film"));
  CHECK(a.n.code("setRecordSpeed", named("mp4_record", "film", {{"speed", "4"}})) == 0);
  CHECK(a.n.code("setRecordSpeed", named("mp4_record", "film", {{"speed", "-1"}})) == -300);
  CHECK(a.n.code("setRecordSpeed", named("mp4_record", "film", {{"speed", "nan"}})) == -300);
  CHECK(a.n.code("seekRecordStamp", named("mp4_record", "film", {{"stamp", "soon"}})) == -300);
  CHECK(a.n.code("seekRecordStamp", named("mp4_record", "absent", {{"stamp", "1"}})) == -500);
  CHECK(flows(a.n, "mp4_record", "film"));
  CHECK(a.n.code("close_streams", {{"app", "mp4_record"}, {"stream", "film"}, {"force", "1"}}) == 0);
  CHECK_FALSE(a.n.online("mp4_record", "film"));

  // Once through, by its path below the root, and it is over.
  const auto relative = std::filesystem::relative(a.film, a.www.path()).string();
  REQUIRE(a.load(relative) == 0);
  REQUIRE(a.n.code("setRecordSpeed", named("mp4_record", "film", {{"speed", "8"}})) == 0);
  CHECK(eventually(soon, [&] { return a.n.v1.get("/v1/streams/film?app=mp4_record").status == 404; }));
}

TEST_CASE("sources: no path leads out of the record root, and what is recorded can be removed") {
  archive_node a;
  temporary_directory outside;
  std::filesystem::copy(a.film, outside.path() / "film.mp4");
  std::filesystem::create_directory(outside.path() / "2026-11-25");
  std::filesystem::copy(a.film, outside.path() / "2026-11-25" / "film.mp4");
  std::filesystem::create_symlink(outside.path() / "film.mp4", a.www.path() / "link.mp4");
  std::filesystem::create_directory_symlink(outside.path(), a.www.path() / "folder");
  for (const auto* bad : {"/etc/passwd", "../film.mp4", "link.mp4", "folder/film.mp4", "record", "absent.mp4"}) {
    INFO(bad);
    CHECK(a.load(bad) == -1);
  }
  CHECK(a.load(outside / "film.mp4") == -1);
  std::ofstream{a.www / "no_film.mp4"} << "this is no film";
  CHECK(a.load("no_film.mp4") == -1);
  CHECK_FALSE(a.n.online("mp4_record", "film"));

  const auto day = a.film.parent_path().filename().string();
  const auto remove = [&](const std::string& period, const std::string& name = {}) {
    return a.n.code("deleteRecordDirectory", named("rtp", "cam", {{"period", period}, {"name", name}}));
  };
  const auto elsewhere = named("rtp", "cam", {{"period", "2026-11"}, {"customized_path", "folder"}});
  CHECK(a.n.code("deleteRecordDirectory", elsewhere) == -1);
  CHECK(std::filesystem::exists(outside.path() / "2026-11-25" / "film.mp4"));
  CHECK(a.n.call("getMP4RecordFile", elsewhere).at("data").as_object().at("paths").as_array().empty());
  CHECK(remove("..") == -1);
  CHECK(remove(day, "../" + a.film.filename().string()) == -1);
  CHECK(remove(day, "absent.mp4") == -1);
  CHECK(std::filesystem::exists(a.film));
  CHECK(remove(day, a.film.filename().string()) == 0);
  CHECK_FALSE(std::filesystem::exists(a.film));
  CHECK(remove(day) == -1);
}

TEST_CASE("sources: the day of a stream that is being recorded goes, but for the file under way") {
  archive_node a;
  ps_camera camera{a.n.port_of("cam")};
  REQUIRE(eventually(soon, [&] { return a.n.online("rtp", "cam"); }));
  const auto what = named("rtp", "cam", {{"type", "1"}});
  // Names tell seconds: the next one is another.
  const auto files = [&] {
    std::size_t n = 0;
    for (const auto& e : std::filesystem::directory_iterator{a.film.parent_path()}) n += e.is_regular_file() ? 1 : 0;
    return n;
  };
  REQUIRE(a.n.code("startRecord", what) == 0);
  REQUIRE(eventually(soon, [&] { return files() == 2; }));
  CHECK(a.n.code("deleteRecordDirectory", named("rtp", "cam", {{"period", a.film.parent_path().filename()}})) == 0);
  CHECK(files() == 1);
  CHECK_FALSE(std::filesystem::exists(a.film));
  CHECK(a.n.code("stopRecord", what) == 0);
  CHECK(files() == 1);
}

TEST_CASE("sources: a picture of any URL, within what is allowed") {
  rtsp_node other{{{"general.maxStreamWaitMS", "0"}}};
  node n{{{"pull.deny_ip_range", "127.0.0.9"}}};
  const auto snap = [&](const std::string& url) {
    return n.peer.client().get("/index/api/getSnap?secret=" + n.daemon.secret() +
                               "&timeout_sec=5&expire_sec=1&async=1&url=" + percent_encode(url));
  };
  for (const auto& url : {other.url("/rtp/cam"), other.n.daemon.url() + "/rtp/cam.live.flv"}) {
    INFO(url);
    const auto picture = snap(url);
    CHECK(picture.status == 200);
    CHECK(picture.body.starts_with("\xff\xd8"));
  }
  CHECK(snap(other.url("/rtp/absent")).status != 200);
  CHECK(snap("rtsp://127.0.0.9/rtp/cam").body.find("127.0.0.9") != std::string::npos);
  CHECK(snap("file:///etc/passwd").status != 200);
  CHECK(eventually(soon, [&] { return other.readers() == 0; }));
}
