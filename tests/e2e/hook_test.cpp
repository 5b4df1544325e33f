// What the daemon tells its hook receiver about a stream's end and about itself.
#include "tests/support/hook_receiver.hpp"

#include <map>
#include <set>

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"

using namespace berth::tests;

namespace {

daemon_process::settings with_hooks(const hook_receiver& receiver, daemon_process::settings more = {}) {
  return hooked(receiver,
                {"on_rtp_server_timeout", "on_server_started", "on_server_keepalive", "on_server_exited", "on_alarm"},
                std::move(more));
}

}  // namespace

TEST_CASE("on_rtp_server_timeout: once for each stream that times out, after its tear-down, with the peer's fields") {
  hook_receiver receiver;
  node n{with_hooks(receiver, {{"rtp_proxy.timeoutSec", "1"}, {"rtp_proxy.quarantine_sec", "0"}})};
  const auto port = n.port_of("cam", {{"tcp_mode", "1"}, {"ssrc", "7"}, {"re_use_port", "1"}});
  REQUIRE(n.code("updateRtpServerSSRC", {{"stream_id", "cam"}, {"ssrc", "77"}}) == 0);
  n.port_of("closed");
  REQUIRE(n.close("closed") == 1);

  REQUIRE(receiver.wait_for("/on_rtp_server_timeout"));
  // Whoever is told can ask for the port at once.
  CHECK_FALSE(n.listed("cam"));
  CHECK(n.port_of("next", {{"port", std::to_string(port)}, {"timeout_sec", "60"}}) == port);

  const auto calls = receiver.requests("/on_rtp_server_timeout");
  const auto o = body_of(calls.front());
  CHECK(number(o, "local_port") == port);
  CHECK(text(o, "vhost") == "__defaultVhost__");
  CHECK(text(o, "app") == "rtp");
  CHECK(text(o, "stream_id") == "cam");
  CHECK(number(o, "tcp_mode") == 1);
  CHECK(flag(o, "re_use_port"));
  CHECK(number(o, "ssrc") == 77);
  CHECK_FALSE(text(o, "mediaServerId").empty());
  CHECK(number(o, "hook_index") >= 0);
  CHECK(calls.front().whole.method_string() == "POST");
  CHECK(calls.front().whole["Content-Type"].starts_with("application/json"));

  // A stream that went silent is told of too; one that was closed by a call, or is fed, never.
  rtp_sender camera;
  const auto fed = n.port_of("fed");
  camera.send(fed);
  REQUIRE(receiver.wait_for("/on_rtp_server_timeout", 2));
  std::multiset<std::string> told;
  for (const auto& h : receiver.requests("/on_rtp_server_timeout")) told.insert(text(body_of(h), "stream_id"));
  CHECK(told == std::multiset<std::string>{"cam", "fed"});
}

TEST_CASE(
    "on_rtp_server_timeout is tried again with the same index when the receiver fails, and API calls do not wait") {
  hook_receiver receiver;
  receiver.always({hook_reply::how::hang, 200, {}});
  node n{with_hooks(
      receiver,
      {{"rtp_proxy.timeoutSec", "1"}, {"hook.timeoutSec", "1"}, {"hook.retry", "3"}, {"hook.retry_delay", "0.1"}})};
  n.port_of("cam");
  REQUIRE(receiver.wait_for("/on_rtp_server_timeout"));
  // The hook is unanswered; the node goes on.
  for (int i = 0; i < 50; ++i) {
    CHECK(n.port_of("other", {{"timeout_sec", "60"}}) != 0);
    CHECK(n.close("other") == 1);
  }
  receiver.always({});
  REQUIRE(receiver.wait_for("/on_rtp_server_timeout", 2));
  const auto calls = receiver.requests("/on_rtp_server_timeout");
  CHECK(number(body_of(calls[0]), "hook_index") == number(body_of(calls[1]), "hook_index"));
}

TEST_CASE("on_server_started without the secret, keepalives in their interval, on_server_exited as the last word") {
  hook_receiver receiver;
  const auto begun = hook_receiver::clock::now();
  node n{with_hooks(receiver, {{"hook.alive_interval", "0.2"}})};
  REQUIRE(receiver.wait_for("/on_server_started"));
  const auto started = receiver.requests("/on_server_started").front();
  const auto o = body_of(started);
  CHECK_FALSE(text(o, "mediaServerId").empty());
  CHECK(text(o, "general.mediaServerId") == text(o, "mediaServerId"));
  CHECK(text(o, "hook.alive_interval") == "0.2");
  CHECK(text(o, "rtp_proxy.port_range") == n.daemon.ports().text());
  CHECK(started.body.find(n.daemon.secret()) == std::string::npos);

  REQUIRE(receiver.wait_for("/on_server_keepalive", 3));
  const auto alive = receiver.requests("/on_server_keepalive");
  CHECK(number(body_of(alive[0]).at("data").as_object(), "MediaSource") == 0);
  // One that was late may come close to the next, but none comes before its time.
  for (std::size_t i = 0; i < alive.size(); ++i) CHECK(alive[i].at - begun >= 200ms * (i + 1));

  CHECK(n.daemon.stop().status == 0);
  REQUIRE(receiver.wait_for("/on_server_exited"));
  const auto all = receiver.requests();
  CHECK(all.back().target == "/on_server_exited");
  std::set<std::int64_t> indexes;
  for (const auto& h : all) indexes.insert(number(body_of(h), "hook_index"));
  CHECK(indexes.size() == all.size());
}

TEST_CASE(
    "on_alarm: raised when allocations fail or the pool is nearly empty, cleared when they do not, with the figures") {
  hook_receiver receiver;
  node n{with_hooks(receiver, {{"alarm.min_opens", "4"}, {"alarm.window_sec", "1"}, {"rtp_proxy.quarantine_sec", "0"}}),
         4};
  for (int i = 0; i < 4; ++i) n.port_of("cam" + std::to_string(i));
  for (int i = 0; i < 4; ++i) CHECK(number(n.open("one too many"), "code") == -400);
  REQUIRE(receiver.wait_for("/on_alarm", 2));
  for (int i = 0; i < 4; ++i) CHECK(n.close("cam" + std::to_string(i)) == 1);
  REQUIRE(receiver.wait_for("/on_alarm", 4));
  std::map<std::string, std::vector<bool>> told;
  for (const auto& h : receiver.requests("/on_alarm")) {
    const auto o = body_of(h);
    told[text(o, "name")].push_back(flag(o, "raised"));
    CHECK(text(o, "text").find(" of ") != std::string::npos);
    CHECK(o.contains("value"));
    CHECK(o.contains("threshold"));
  }
  // Of each alarm the order is kept.
  CHECK(told == std::map<std::string, std::vector<bool>>{{"allocation_failures", {true, false}},
                                                         {"port_pool_low", {true, false}}});
}
