// WVP has sources pulled and recordings played, as its pages for proxies and for cloud recordings do it.
#include "tests/e2e/rtsp_node.hpp"
#include "tests/support/media_probe.hpp"
#include "tests/support/simulated_wvp.hpp"

using namespace berth::tests;
using generation = wvp_generation;

namespace {

bool is_told(const simulated_wvp& wvp, bool registered, const std::string& app, const std::string& stream) {
  return eventually(soon, [&] { return wvp.changes(registered, app, stream) == 1; });
}

}  // namespace

TEST_CASE("WVP: a proxy's source is pulled, pictured inside the hook, watched, and ended by its key") {
  const auto g = GENERATE(generation::t25, generation::t26, generation::head);
  rtsp_node other;
  node n{{{"general.mediaServerId", "zlm-conf-01"}, {"hook.alive_interval", "10.0"}}};
  simulated_wvp wvp{n, g, 100ms};
  REQUIRE(number(wvp.register_node(), "code") == 0);
  const text_pairs wanted{
      {"vhost", "__defaultVhost__"}, {"app", "live"},       {"stream", "gate"}, {"url", other.url("/rtp/cam")},
      {"enable_mp4", "0"},           {"enable_audio", "0"}, {"rtp_type", "0"},  {"timeout_sec", "10"},
      {"retry_count", "3"}};
  const auto added = wvp.call("addStreamProxy", wanted);
  REQUIRE(number(added, "code") == 0);
  const auto key = text(added.at("data").as_object(), "key");
  REQUIRE(is_told(wvp, true, "live", "gate"));
  CHECK(wvp.hooks.requests("/on_publish").empty());
  const auto info = wvp.media_info("live", "gate");
  CHECK(number(info, "originType") == 4);
  CHECK(info.at("tracks").as_array().size() == 1);
  CHECK(probed(n.daemon.url() + "/live/gate.live.mp4").find("h264,320,240") != std::string::npos);
  CHECK(number(wvp.call("addStreamProxy", wanted), "code") == -1);
  CHECK(number(wvp.call("delStreamProxy", {{"key", key}}), "code") == 0);
  REQUIRE(is_told(wvp, false, "live", "gate"));
  CHECK(number(wvp.media_info("live", "gate"), "code") == -500);
}

TEST_CASE("WVP: what on_record_mp4 has told is played back, moved in, sped up, and removed") {
  const auto g = GENERATE(generation::t25, generation::t26, generation::head);
  temporary_directory www;
  node n{{{"general.mediaServerId", "zlm-conf-01"},
          {"hook.alive_interval", "10.0"},
          {"protocol.mp4_save_path", www.path().string()}}};
  simulated_wvp wvp{n, g};
  REQUIRE(number(wvp.register_node(), "code") == 0);
  const text_pairs channel{{"vhost", "__defaultVhost__"}, {"app", "rtp"}, {"stream", simulated_wvp::device}};
  auto record = channel;
  record.emplace_back("type", "1");
  {
    const auto camera = device_sends(wvp.invite({.tcp_mode = 0}), false, simulated_wvp::ssrc);
    REQUIRE(wvp.hears(true));
    REQUIRE(number(wvp.call("startRecord", record), "code") == 0);
    const auto before = camera->sent();
    REQUIRE(eventually(soon, [&] { return camera->sent() > before + 60; }));
    REQUIRE(number(wvp.call("stopRecord", record), "code") == 0);
  }
  wvp.stop();
  REQUIRE(wvp.hooks.wait_for("/on_record_mp4"));
  const auto told = boost::json::parse(wvp.hooks.requests("/on_record_mp4")[0].body).as_object();

  const auto play = [&] {
    return number(wvp.call("loadMP4File", {{"vhost", "__defaultVhost__"},
                                           {"app", "mp4_record"},
                                           {"stream", "film"},
                                           {"file_path", text(told, "file_path")},
                                           {"file_repeat", "0"}}),
                  "code");
  };
  REQUIRE(play() == 0);
  REQUIRE(is_told(wvp, true, "mp4_record", "film"));
  text_pairs film{{"vhost", "__defaultVhost__"}, {"schema", "fmp4"}, {"app", "mp4_record"}, {"stream", "film"}};
  auto moved = film, faster = film;
  moved.emplace_back("stamp", "500");
  faster.emplace_back("speed", "8.0");
  CHECK(number(wvp.call("seekRecordStamp", moved), "code") == 0);
  CHECK(number(wvp.call("setRecordSpeed", faster), "code") == 0);
  REQUIRE(is_told(wvp, false, "mp4_record", "film"));  // it is at its end

  auto removed = channel;
  const auto day = std::filesystem::path{text(told, "file_path")}.parent_path().filename().string();
  removed.insert(removed.end(), {{"period", day}, {"name", text(told, "file_name")}});
  CHECK(number(wvp.call("deleteRecordDirectory", removed), "code") == 0);
  CHECK(play() == -1);
}
