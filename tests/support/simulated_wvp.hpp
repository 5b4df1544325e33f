// WVP as its media node sees it: what it calls, in which order, under which names, and how it answers hooks.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "tests/e2e/node.hpp"
#include "tests/support/hook_receiver.hpp"

namespace berth::tests {

/// The three generations that are in the field: v2.7.4 of July 2025, of January 2026, and what came after.
enum class wvp_generation { t25, t26, head };

/// One channel of one device. Holds hook answers for a while, as HEAD does, which works inside the hook's request.
/// Owned by a test case; the calls are made from its thread, hooks are answered on others.
class simulated_wvp {
 public:
  static constexpr auto device = "34020000001320000001_34020000001310000001";
  static constexpr std::uint32_t ssrc = 200001234;
  static constexpr auto ssrc_key = "0BEBC6D2";

  simulated_wvp(node& n, wvp_generation generation, std::chrono::milliseconds holds = {})
      : node_(n), client_(n.daemon.http_port()), generation_(generation), holds_(holds) {
    hooks.decide([this](const hook_receiver::heard& h) { return answer(h); });
  }

  // ---- what it calls

  /// POST with a form, the secret first and the others in whatever order a hash map gives them: here, both ways in turn.
  object call(const std::string& name, text_pairs fields = {}) {
    if (reversed_ = !reversed_; reversed_) std::reverse(fields.begin(), fields.end());
    fields.insert(fields.begin(), {"secret", node_.daemon.secret()});
    const auto answer = client_.post_form("/index/api/" + name, fields);
    if (answer.status != 200) throw std::runtime_error(name + ": HTTP " + std::to_string(answer.status));
    return answer.json().as_object();
  }

  /// What it writes into a node that comes online.
  object register_node() {
    text_pairs keys{{"hook.enable", "1"},
                    {"hook.timeoutSec", "30"},
                    {"protocol.continue_push_ms", "3000"},
                    {"rtp_proxy.port_range", node_.daemon.ports().text()},
                    {"protocol.downloadRoot", "/data/media"},
                    {"record.appName", "record"},
                    {"ffmpeg.snap", "%s -rtsp_transport tcp -i %s -y -f mjpeg -frames:v 1 %s"}};
    for (const auto* name :
         {"on_play", "on_publish", "on_stream_changed", "on_stream_none_reader", "on_stream_not_found",
          "on_server_started", "on_server_keepalive", "on_rtp_server_timeout", "on_send_rtp_stopped", "on_record_mp4"})
      keys.emplace_back(std::string{"hook."} + name, hooks.url(std::string{"/index/hook/"} + name));
    for (const auto* off :
         {"on_flow_report", "on_http_access", "on_record_ts", "on_rtsp_auth", "on_rtsp_realm", "on_shell_login"})
      keys.emplace_back(std::string{"hook."} + off, "");
    if (generation_ == wvp_generation::t25) {
      keys.emplace_back("api.secret", node_.daemon.secret());
      keys.emplace_back("hook.alive_interval", "10.0");
      if (single_port != 0) keys.emplace_back("rtp_proxy.port", std::to_string(single_port));
    }
    return call("setServerConfig", keys);
  }

  /// The key under which it opens a play: HEAD counts on on_publish for the public name.
  std::string open_key() const { return generation_ == wvp_generation::head ? ssrc_key : device; }

  struct play_wish {
    int tcp_mode = 0;
    bool audio = false;
    bool check_ssrc = false;
  };
  /// The port for the device's INVITE; 0 where WVP gives the play up.
  std::uint16_t invite(const play_wish& wish) {
    const auto info = call("getRtpInfo", {{"stream_id", open_key()}});
    if (number(info, "code") == 0 && flag(info, "exist")) return static_cast<std::uint16_t>(number(info, "local_port"));
    const auto answer = call("openRtpServer", open_fields(wish));
    return number(answer, "code") == 0 ? static_cast<std::uint16_t>(number(answer, "port")) : std::uint16_t{0};
  }
  text_pairs open_fields(const play_wish& wish) const {
    text_pairs f{{"port", "0"},
                 {"tcp_mode", std::to_string(wish.tcp_mode)},
                 {"stream_id", open_key()},
                 {"re_use_port", "0"},
                 {"only_audio", "0"}};
    if (generation_ != wvp_generation::t25) {
      f.emplace_back("app", "rtp");
      f.emplace_back("only_track", wish.audio ? "0" : "2");
    }
    if (wish.check_ssrc) f.emplace_back("ssrc", std::to_string(ssrc));
    return f;
  }

  /// Stop, time-out or failure: HEAD closes under the wrong key, and the media under the public name.
  void stop() {
    if (generation_ == wvp_generation::t25) {
      call("closeRtpServer", {{"stream_id", device}});
    } else {
      call("closeRtpServer", {{"app", "rtp"}, {"stream_id", device}});
    }
    if (generation_ != wvp_generation::head) return;
    call("close_streams", {{"vhost", "__defaultVhost__"}, {"app", "rtp"}, {"stream", device}, {"force", "1"}});
  }

  object media_info(const std::string& app = "rtp", const std::string& stream = device) {
    return call("getMediaInfo", {{"vhost", "__defaultVhost__"}, {"schema", "rtsp"}, {"app", app}, {"stream", stream}});
  }

  // ---- what it sends on

  /// To an upper platform over UDP, or over a connection that this node makes.
  object send_up(std::uint16_t source_port, std::uint16_t to, const std::string& ssrc_text, bool udp) {
    auto f = sending_fields("rtp", device, source_port, ssrc_text);
    f.insert(f.end(), {{"is_udp", udp ? "1" : "0"}, {"dst_url", "127.0.0.1"}, {"dst_port", std::to_string(to)}});
    if (udp) f.emplace_back("udp_rtcp_timeout", "500");
    return call("startSendRtp", f);
  }
  /// To an upper platform that connects to this node.
  object await_upper(std::uint16_t source_port, const std::string& ssrc_text) {
    auto f = sending_fields("rtp", device, source_port, ssrc_text);
    f.insert(f.end(), {{"is_udp", "0"}, {"close_delay_ms", "10000"}});
    return call("startSendRtpPassive", f);
  }
  /// The sound of app/device to the device: G.711, and nothing else.
  object send_sound(std::uint16_t source_port, std::uint16_t to, bool udp) {
    auto f = sound_fields("broadcast", source_port);
    f.insert(f.end(), {{"is_udp", udp ? "1" : "0"}, {"dst_url", "127.0.0.1"}, {"dst_port", std::to_string(to)}});
    return call("startSendRtp", f);
  }
  object begin_talk(std::uint16_t source_port) {
    auto f = sound_fields("talk", source_port);
    f.insert(f.end(), {{"is_udp", "0"},
                       {"recv_stream_id", std::string{device} + "_talk"},
                       {"close_delay_ms", "10000000"},
                       {"dst_port", "0"}});
    return call("startSendRtpPassive", f);
  }
  object stop_sending(const std::string& app, const std::string& ssrc_text = "") {
    text_pairs f{{"vhost", "__defaultVhost__"}, {"app", app}, {"stream", device}};
    if (!ssrc_text.empty()) f.emplace_back("ssrc", ssrc_text);
    return call("stopSendRtp", f);
  }

  // ---- what it hears

  /// on_stream_changed of schema rtsp for the public name.
  std::size_t changes(bool registered, const std::string& app = "rtp", const std::string& stream = device) const {
    std::size_t n = 0;
    for (const auto& h : hooks.requests("/on_stream_changed")) {
      const auto body = boost::json::parse(h.body).as_object();
      const bool meant = text(body, "schema") == "rtsp" && text(body, "app") == app && text(body, "stream") == stream;
      if (meant && flag(body, "regist") == registered) ++n;
    }
    return n;
  }
  bool hears(bool registered, std::size_t count = 1) const {
    return eventually(soon, [&] { return changes(registered) >= count; });
  }

  hook_receiver hooks;
  std::uint16_t single_port = 0;  ///< all devices send to it; before register_node()
  std::atomic<bool> wants_audio{false};
  std::atomic<bool> closes_unwatched{true};
  std::atomic<int> pictures{0};  ///< that getSnap gave inside of on_stream_changed

 private:
  static text_pairs sending_fields(const std::string& app, const std::string& stream, std::uint16_t source_port,
                                   const std::string& ssrc_text) {
    return {{"vhost", "__defaultVhost__"},
            {"app", app},
            {"stream", stream},
            {"ssrc", ssrc_text},
            {"pt", "96"},
            {"src_port", std::to_string(source_port)},
            {"use_ps", "1"},
            {"only_audio", "0"},
            {"enable_origin_recv_limit", "1"}};
  }
  static text_pairs sound_fields(const std::string& app, std::uint16_t source_port) {
    auto f = sending_fields(app, device, source_port, "0200001234");
    for (auto& [name, value] : f) {
      if (name == "pt") value = "8";
      if (name == "use_ps") value = "0";
      if (name == "only_audio") value = "1";
    }
    return f;
  }

  std::optional<hook_reply> answer(const hook_receiver::heard& h) {
    const auto body = boost::json::parse(h.body).as_object();
    if (h.target.ends_with("/on_publish")) return publish(body);
    if (h.target.ends_with("/on_stream_none_reader"))
      return hook_reply{.body = closes_unwatched ? R"({"code":0,"close":true})" : R"({"code":0,"close":false})"};
    if (h.target.ends_with("/on_stream_changed") && flag(body, "regist") && text(body, "schema") == "rtsp") snap(body);
    if (holds_.count() > 0) std::this_thread::sleep_for(holds_);
    return std::nullopt;
  }
  hook_reply publish(const object& asked) const {
    // What a browser says and what a device answers is always welcome.
    if (text(asked, "app") != "rtp")
      return {.body = R"({"code":0,"enable_audio":true,"enable_mp4":false,"stream_replace":null})"};
    const auto stream = text(asked, "stream");
    const auto& expected = single_port != 0 ? ssrc_key : open_key();
    if (stream != expected && stream != "0BEBE90F") return {.body = R"({"code":-1,"msg":"fail"})"};
    std::string answer = R"({"code":0,"msg":"success","enable_audio":)";
    answer += wants_audio ? "true" : "false";
    answer += R"(,"enable_mp4":false,"mp4_max_second":null,"mp4_save_path":null,"modify_stamp":null,"stream_replace":)";
    answer += generation_ == wvp_generation::head || single_port != 0 ? "\"" + std::string{device} + "\"" : "null";
    return {.body = answer + "}"};
  }
  // Inside of the hook's request, whose answer waits for it.
  void snap(const object& changed) {
    http_client client{node_.daemon.http_port()};
    // By RTSP, or as fMP4 where the node says that it has none.
    const auto url = percent_encode(node_.daemon.url() + "/rtp/" + text(changed, "stream") + ".live.mp4");
    const auto picture = client.get("/index/api/getSnap?secret=" + node_.daemon.secret() + "&url=" + url +
                                    "&timeout_sec=15&expire_sec=1&async=1");
    if (picture.status == 200 && picture.body.starts_with("\xff\xd8")) ++pictures;
  }

  node& node_;
  http_client client_;
  const wvp_generation generation_;
  const std::chrono::milliseconds holds_;
  bool reversed_ = false;
};

}  // namespace berth::tests
