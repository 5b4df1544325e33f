// What a platform does all day, many times over: channels that are played and stopped, and devices that never send.
#include <set>
#include <thread>

#include "net/egress/snapshot.hpp"
#include "net/source/fetched_picture.hpp"
#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hook_receiver.hpp"
#include "tests/support/long_run.hpp"
#include "tests/support/ps_camera.hpp"
#include "tests/support/sanitized.hpp"

using namespace berth::tests;

namespace {

const int cycles = at_length(sanitized ? 15 : 100), rounds = at_length(sanitized ? 5 : 10);

std::string hexadecimal(std::uint32_t ssrc) {
  char text[9];
  std::snprintf(text, sizeof text, "%08X", ssrc);
  return text;
}

/// The SSRCs that a platform takes for taken: the last part of each originUrl, read as a hexadecimal number.
std::set<std::uint32_t> taken_ssrcs(node& n) {
  std::set<std::uint32_t> taken;
  const auto answer = n.call("getMediaList", {{"vhost", "__defaultVhost__"}, {"schema", "rtsp"}});
  if (!answer.contains("data")) return taken;
  for (const auto& v : answer.at("data").as_array()) {
    const auto url = text(v.as_object(), "originUrl");
    taken.insert(static_cast<std::uint32_t>(std::stoul(url.substr(url.rfind('/') + 1), nullptr, 16)));
  }
  return taken;
}

std::int64_t leased_ports(node& n) { return number(n.v1.get("/v1/ports").json().as_object(), "leased"); }

/// One channel, and the platform's and the player's side of it.
class channel {
 public:
  channel(node& n, std::uint32_t number)
      : ssrc(200'001'000 + number),
        key(hexadecimal(ssrc)),
        url_(n.daemon.url() + "/rtp/channel" + std::to_string(number) + ".live.flv"),
        client_(n.daemon.http_port(), n.daemon.secret()) {}

  /// Empty, or what went wrong.
  std::string play() {
    if (flag(client_.call("getRtpInfo", {{"stream_id", key}}), "exist")) return key + " exists before it is opened";
    const auto opened = client_.call("openRtpServer", {{"stream_id", key}, {"port", "0"}, {"tcp_mode", "0"}});
    if (berth::tests::number(opened, "code") != 0) return key + ": " + boost::json::serialize(opened);
    const auto port = static_cast<std::uint16_t>(berth::tests::number(opened, "port"));
    camera_ = std::make_unique<ps_camera>(ps_camera::over_udp(port), ssrc);
    const std::atomic<bool> never{false};
    const auto admit = [](const std::string& url) -> berth::net::result<berth::net::admitted_url, std::string> {
      return berth::net::admitted_url{url};
    };
    const auto seen = berth::net::fetch_key_frame({.url = url_, .timeout = 20s}, admit, never);
    if (!seen) return key + ": " + seen.error();
    const auto picture = berth::net::make_snapshot(**seen);
    return picture ? "" : key + ": " + picture.error();
  }
  std::string stop(bool by_key) {
    camera_.reset();
    if (by_key) {
      const auto hit = berth::tests::number(client_.call("closeRtpServer", {{"stream_id", key}}), "hit");
      return hit == 1 ? "" : key + ": nothing to close";
    }
    const auto name = url_.substr(url_.rfind('/') + 1);
    const auto closed = client_.call(
        "close_streams",
        {{"vhost", "__defaultVhost__"}, {"app", "rtp"}, {"stream", name.substr(0, name.find('.'))}, {"force", "1"}});
    return berth::tests::number(closed, "count_closed") >= 1 ? "" : key + ": no stream to close";
  }

  const std::uint32_t ssrc;
  const std::string key;

 private:
  const std::string url_;
  peer_face client_;
  std::unique_ptr<ps_camera> camera_;
};

/// Runs the same for all channels at once; what went wrong, if anything.
template <class Work>
std::string all_at_once(std::vector<std::unique_ptr<channel>>& channels, Work work) {
  std::vector<std::string> said(channels.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < channels.size(); ++i)
    threads.emplace_back([&, i] {
      try {
        said[i] = work(i, *channels[i]);
      } catch (const std::exception& e) {
        said[i] = e.what();
      }
    });
  for (auto& t : threads) t.join();
  std::string all;
  for (const auto& s : said)
    if (!s.empty()) all += s + "\n";
  return all;
}

}  // namespace

TEST_CASE("WVP load: twenty channels played and stopped at once, again and again, each seen, and nothing stays",
          "[heavy]") {
  hook_receiver receiver;
  receiver.decide([](const hook_receiver::heard& h) -> std::optional<hook_reply> {
    if (!h.target.ends_with("/on_publish")) return std::nullopt;
    const auto key = text(boost::json::parse(h.body).as_object(), "stream");
    const auto number = std::stoul(key, nullptr, 16) - 200'001'000;
    return hook_reply{.body = R"({"code":0,"enable_audio":false,"stream_replace":"channel)" + std::to_string(number) +
                              "\"}"};
  });
  node n{{{"hook.enable", "1"},
          {"hook.stream_changed_schemas", "rtsp"},
          {"hook.on_publish", receiver.url("/on_publish")},
          {"hook.on_stream_changed", receiver.url("/on_stream_changed")},
          {"rtp_proxy.quarantine_sec", "0.2"}}};
  std::vector<std::unique_ptr<channel>> channels;
  std::set<std::uint32_t> everything, odd;
  for (std::uint32_t i = 0; i < 20; ++i) {
    channels.push_back(std::make_unique<channel>(n, i));
    everything.insert(channels.back()->ssrc);
    if (i % 2 == 1) odd.insert(channels.back()->ssrc);
  }
  std::size_t descriptors = 0, memory = 0;
  for (int cycle = 0; cycle < cycles; ++cycle) {
    INFO("cycle " << cycle);
    REQUIRE(all_at_once(channels, [](std::size_t, channel& c) { return c.play(); }) == "");
    REQUIRE(taken_ssrcs(n) == everything);
    REQUIRE(all_at_once(channels, [&](std::size_t i, channel& c) {
              return i % 2 == 0 ? c.stop(cycle % 2 == 0) : std::string{};
            }) == "");
    REQUIRE(taken_ssrcs(n) == odd);
    REQUIRE(all_at_once(channels, [&](std::size_t i, channel& c) {
              return i % 2 == 1 ? c.stop(cycle % 2 == 0) : std::string{};
            }) == "");
    REQUIRE(taken_ssrcs(n).empty());
    REQUIRE(leased_ports(n) == 0);
    if (cycle == 4) {
      descriptors = n.daemon.descriptors();
      memory = n.daemon.resident_bytes();
    }
  }
  CHECK(n.call("listRtpServer").at("data").as_array().empty());
  CHECK(n.call("getAllSession").at("data").as_array().empty());
  // Ports at rest are open for as long as they rest; connections of hooks come and go.
  CHECK(eventually(soon, [&] { return n.daemon.descriptors() <= descriptors; }));
  // Sanitizers keep what was freed.
  if (!sanitized) CHECK(n.daemon.resident_bytes() < memory + 32 * 1024 * 1024);
  const auto regists = receiver.requests("/on_stream_changed").size();
  CHECK(receiver.wait_for("/on_stream_changed", static_cast<std::size_t>(2 * 20 * cycles)));
  CHECK(regists <= static_cast<std::size_t>(2 * 20 * cycles));
  const auto end = n.daemon.stop(15s);
  CHECK(end.status == 0);
}

TEST_CASE("WVP load: devices that never send, twenty at once: each is told once, and there is always a port",
          "[heavy]") {
  hook_receiver receiver;
  node n{{{"hook.enable", "1"},
          {"hook.on_rtp_server_timeout", receiver.url("/on_rtp_server_timeout")},
          {"rtp_proxy.quarantine_sec", "0.2"},
          {"rtp_proxy.timeoutSec", "1"}},
         250};
  std::size_t told = 0, descriptors = 0;
  for (int round = 0; round < rounds; ++round) {
    INFO("round " << round);
    for (int i = 0; i < 20; ++i) {
      const auto id = "silent" + std::to_string(round) + "_" + std::to_string(i);
      REQUIRE(number(n.open(id), "code") == 0);
      ++told;
    }
    REQUIRE(receiver.wait_for("/on_rtp_server_timeout", told, 30s));
    CHECK(n.call("listRtpServer").at("data").as_array().empty());
    if (round == 1) descriptors = n.daemon.descriptors();
  }
  CHECK(receiver.requests("/on_rtp_server_timeout").size() == told);
  CHECK(leased_ports(n) == 0);
  CHECK(eventually(soon, [&] { return n.daemon.descriptors() <= descriptors; }));
}
