// From a camera's packets to what viewers, recordings and hooks get, over the wire.
#include <future>

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hook_receiver.hpp"
#include "tests/support/media_probe.hpp"
#include "tests/support/ps_camera.hpp"

using namespace berth::tests;

namespace {

std::vector<const char*> media_hooks() {
  return {"on_publish", "on_play", "on_stream_changed", "on_stream_none_reader", "on_stream_not_found"};
}

}  // namespace

TEST_CASE("media: a camera's program stream is watched as FLV, fMP4 and TS, pictured, listed and recorded") {
  temporary_directory www;
  node n{{{"protocol.mp4_save_path", www.path().string()}}};
  const auto port = n.port_of("cam");
  CHECK_FALSE(n.online("rtp", "cam"));
  ps_camera camera{port};
  REQUIRE(eventually(soon, [&] { return n.online("rtp", "cam"); }));

  for (const auto* form : {"flv", "mp4", "ts"}) {
    INFO(form);
    const auto said = probed(n.daemon.url() + "/rtp/cam.live." + form);
    CHECK(said.find("h264,320,240") != std::string::npos);
    CHECK(said.find("rror") == std::string::npos);
  }
  for (const auto* list : {"hls.m3u8", "hls.fmp4.m3u8"}) {
    INFO(list);
    CHECK(probed(n.daemon.url() + "/rtp/cam/" + list).find("h264,320,240") != std::string::npos);
  }
  const auto list = n.call("getMediaList", {{"schema", "rtmp"}});
  REQUIRE(list.at("data").as_array().size() == 1);
  const auto item = list.at("data").at(0).as_object();
  CHECK(text(item, "originUrl") == "rtp://__defaultVhost__/rtp/cam");
  CHECK(number(item, "originType") == 3);
  REQUIRE(item.at("tracks").as_array().size() == 2);  // with silence
  CHECK(number(item.at("tracks").at(1).as_object(), "sample_rate") == 8000);
  CHECK(number(item.at("tracks").at(0).as_object(), "width") == 320);
  CHECK(number(item.at("tracks").at(0).as_object(), "codec_id") == 0);
  CHECK(n.call("getMediaList").at("data").as_array().size() == 5);
  CHECK(text(n.call("getMediaInfo", named("rtp", "cam")), "app") == "rtp");
  CHECK(n.call("getMediaList", {{"vhost", "nosuch"}}).at("data").as_array().empty());
  CHECK(number(n.call("close_streams", {{"vhost", "nosuch"}, {"force", "1"}}), "count_hit") == 0);

  const auto snap =
      n.peer.client().get("/index/api/getSnap?secret=" + n.daemon.secret() +
                          "&timeout_sec=5&expire_sec=1&url=" + percent_encode(n.daemon.url() + "/rtp/cam.live.flv"));
  CHECK(snap.status == 200);
  CHECK(snap.body.starts_with("\xff\xd8"));
  const auto picture = n.v1.get("/v1/streams/cam/snapshot");
  CHECK(picture.status == 200);
  CHECK(picture.body.starts_with("\xff\xd8"));
  CHECK(n.v1.get("/v1/streams/absent/snapshot").status == 404);

  text_pairs record{{"type", "1"}, {"vhost", "__defaultVhost__"}, {"app", "rtp"}, {"stream", "cam"}};
  REQUIRE(n.code("startRecord", record) == 0);
  CHECK(flag(n.call("isRecording", record), "status"));
  CHECK(n.code("startRecord", record) == -1);
  const auto before = camera.sent();
  REQUIRE(eventually(soon, [&] { return camera.sent() > before + 25; }));
  REQUIRE(n.code("stopRecord", record) == 0);
  CHECK_FALSE(flag(n.call("isRecording", record), "status"));
  std::vector<std::filesystem::path> files;
  for (const auto& e : std::filesystem::recursive_directory_iterator{www.path()})
    if (e.is_regular_file()) files.push_back(e.path());
  REQUIRE(files.size() == 1);
  CHECK(files[0].string().find("/record/rtp/cam/") != std::string::npos);
  CHECK(probed(files[0].string(), 20).find("h264,320,240") != std::string::npos);

  record.emplace_back("customized_path", "../../outside");
  CHECK(n.code("startRecord", record) == -1);

  CHECK(n.code("close_streams", {{"stream", "cam"}, {"force", "1"}}) == 0);
  CHECK_FALSE(n.online("rtp", "cam"));
  CHECK_FALSE(n.exists("cam"));
}

TEST_CASE("media: what makes an open fail can be closed, whether it can be watched or not") {
  node n;
  rtp_sender unknown{0x77};
  const auto port = n.port_of("cam");
  n.port_of("waiting");
  CHECK(number(n.call("close_streams", {{"force", "1"}}), "count_hit") == 0);
  unknown.send(port);
  REQUIRE(n.reaches("cam", "packets", 1));
  CHECK(number(n.open("cam"), "code") == -300);
  CHECK(number(n.call("close_streams", {{"stream", "cam"}, {"force", "1"}}), "count_closed") == 1);
  CHECK(number(n.open("cam"), "code") == 0);
  CHECK(n.listed("waiting"));
}

TEST_CASE("media: the receiver of on_publish names the stream, both names find it, and it hears of it once") {
  hook_receiver receiver;
  node n{hooked(receiver, media_hooks(), {{"hook.stream_changed_schemas", "rtsp"}})};
  receiver.next(
      {.body =
           R"({"code":0,"stream_replace":"public","enable_audio":false,"enable_ts":false,"enable_hls":0,"mp4_save_path":null})"});
  const auto port = n.port_of("0A0B0C0D");
  {
    ps_camera camera{port};
    REQUIRE(receiver.wait_for("/on_stream_changed"));
    const auto asked = receiver.requests("/on_publish");
    REQUIRE(asked.size() == 1);
    CHECK(text(body_of(asked[0]), "stream") == "0A0B0C0D");
    const auto told = body_of(receiver.requests("/on_stream_changed")[0]);
    CHECK(flag(told, "regist"));
    CHECK(text(told, "stream") == "public");
    CHECK(text(told, "schema") == "rtsp");
    CHECK(text(told, "originUrl") == "rtp://__defaultVhost__/rtp/0A0B0C0D");
    CHECK(told.at("tracks").as_array().size() == 1);
    for (const auto* name : {"public", "0A0B0C0D"}) {
      CHECK(n.exists(name));
      CHECK(n.online("rtp", name));
    }
    CHECK(probed(n.daemon.url() + "/rtp/public.live.flv").find("h264,320,240") != std::string::npos);
    CHECK(receiver.requests("/on_play").size() == 1);
    CHECK(n.call("getMediaList").at("data").as_array().size() == 3);
    http_client viewer{n.daemon.http_port()};
    const auto refused = viewer.get("/rtp/public.live.ts");
    CHECK(refused.status == 404);
    CHECK(refused.body.find("is not served as ts") != std::string::npos);
    CHECK(viewer.get("/rtp/public/hls.m3u8").status == 404);
    CHECK(n.close("public") == 1);
    CHECK_FALSE(n.exists("0A0B0C0D"));
    REQUIRE(receiver.wait_for("/on_stream_changed", 2));
    CHECK_FALSE(flag(body_of(receiver.requests("/on_stream_changed")[1]), "regist"));
  }
  CHECK(receiver.requests("/on_stream_changed").size() == 2);
}

TEST_CASE("media: a stream that on_publish refuses is closed, with the reason") {
  hook_receiver receiver;
  node n{hooked(receiver, media_hooks())};
  receiver.always({.body = R"({"code":401,"msg":"not from here"})"});
  const auto port = n.port_of("cam");
  rtp_sender camera;
  camera.send(port, 5);
  REQUIRE(receiver.wait_for("/on_publish"));
  CHECK(eventually(soon, [&] { return !n.listed("cam"); }));
  CHECK(eventually(soon, [&] {
    const auto said = n.daemon.output() + n.daemon.errors();
    return said.find(": publish_refused, ") != said.npos && said.find("on_publish: not from here") != said.npos;
  }));
  CHECK(receiver.requests("/on_publish").size() == 1);
}

TEST_CASE("media: who asks for what is not there waits, on_stream_not_found is asked once, then it is 404") {
  hook_receiver receiver;
  node n{hooked(receiver, media_hooks(), {{"general.maxStreamWaitMS", "200"}})};
  http_client viewer{n.daemon.http_port()};
  CHECK(viewer.get("/rtp/absent.live.flv?token=x").status == 404);
  const auto asked = receiver.requests("/on_stream_not_found");
  REQUIRE(asked.size() == 1);
  CHECK(text(body_of(asked[0]), "stream") == "absent");
  CHECK(text(body_of(asked[0]), "params") == "token=x");
  CHECK(text(body_of(asked[0]), "schema") == "rtmp");

  const auto unknown = viewer.get("/rtp/cam.live.avi");
  CHECK(unknown.status == 404);
  CHECK(unknown.body.find("'avi'") != std::string::npos);
  CHECK(viewer.get("/nothing").status == 404);

  receiver.always({.body = R"({"code":401,"msg":"who are you"})"});
  const auto refused = viewer.get("/rtp/absent.live.flv");
  CHECK(refused.status == 401);
  CHECK(refused.body.find("who are you") != std::string::npos);
}

TEST_CASE("media: a viewer who comes first gets the stream as soon as it is there") {
  node n;
  auto viewer = std::async(std::launch::async, [&] { return probed(n.daemon.url() + "/rtp/cam.live.flv"); });
  ps_camera camera{n.port_of("cam")};
  CHECK(viewer.get().find("h264,320,240") != std::string::npos);
}

TEST_CASE("media: what nobody watches is asked about, and closed if the answer says so") {
  hook_receiver receiver;
  node n{hooked(receiver, media_hooks(), {{"general.streamNoneReaderDelayMS", "300"}})};
  receiver.always({.body = R"({"code":0,"close":true})"});
  const auto port = n.port_of("cam");
  ps_camera camera{port};
  REQUIRE(receiver.wait_for("/on_stream_none_reader"));
  CHECK(eventually(soon, [&] { return !n.listed("cam"); }));
}

TEST_CASE("media: a codec that is not served is named in the stream's last reason, and what is served goes on") {
  node n;
  rtp_sender socket;
  ps_sender camera;
  camera.set_map(0x1b, 0x92);  // H.264, and G.722.1
  const auto sounds = make_g711(berth::net::codec::pcma, 50);
  const auto port = n.port_of("cam");
  const auto both = interleave(camera_pictures(), sounds);
  for (const auto& f : both)
    for (const auto& p : camera.packets_of(*f, 900'000)) socket.send_raw(port, p);
  REQUIRE(
      eventually(soon, [&] { return text(n.v1.stream("cam"), "last_reason").find("G722.1") != std::string::npos; }));
  const auto media = n.v1.stream("cam").at("media").as_object();
  CHECK(number(media, "passed_over") > 0);
  CHECK(number(media, "video_frames") > 0);
  CHECK(n.online("rtp", "cam"));
}
