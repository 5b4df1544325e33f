// Receivers of hooks that hang, reset, talk nonsense, take their time or are away: media flows, and what was promised
// is told in the end.
#include <map>

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hook_receiver.hpp"
#include "tests/support/ps_camera.hpp"

using namespace berth::tests;

namespace {

std::int64_t packets(node& n, const std::string& id) { return n.figure(id, "packets"); }

daemon_process::settings impatient(const hook_receiver& receiver) {
  return hooked(receiver, {"on_publish", "on_stream_changed"},
                {{"hook.timeoutSec", "1"},
                 {"hook.retry", "1000"},
                 {"hook.retry_delay", "0.2"},
                 {"hook.alive_interval", "60"},
                 {"hook.stream_changed_schemas", "rtsp"}});
}

/// What was told of a stream, in the order in which it was first heard: "publish", "regist", "unregist".
std::vector<std::string> story_of(const hook_receiver& receiver, const std::string& id) {
  std::vector<std::string> story;
  std::map<std::int64_t, bool> heard;
  for (const auto& h : receiver.requests()) {
    const auto body = boost::json::parse(h.body).as_object();
    if (!body.contains("stream") || text(body, "stream") != id) continue;
    // The same number in all tries.
    if (std::exchange(heard[number(body, "hook_index")], true)) continue;
    if (h.target.ends_with("/on_publish")) story.push_back("publish");
    if (h.target.ends_with("/on_stream_changed")) story.push_back(flag(body, "regist") ? "regist" : "unregist");
  }
  return story;
}

const std::vector<std::string> whole_story{"publish", "regist", "unregist"};

}  // namespace

TEST_CASE(
    "hook faults: a receiver that misbehaves for one stream delays no other, and tells that stream's story whole") {
  using how = hook_reply::how;
  struct fault {
    const char* name;
    hook_reply reply;
    std::chrono::milliseconds holds{};
  };
  const auto f = GENERATE(
      fault{"hangs", {.action = how::hang}}, fault{"resets", {.action = how::reset}},
      fault{"talks nonsense", {.action = how::raw, .body = "\x16\x03\x01 nonsense"}},
      fault{"says half", {.action = how::raw, .body = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"code\":0"}},
      fault{"fails", {.status = 500}}, fault{"answers something else", {.body = "<html>maintenance</html>"}},
      fault{"is late", {}, 800ms});
  INFO("the receiver " << f.name);
  hook_receiver receiver;
  std::atomic<bool> faulty{true};
  receiver.decide([&](const hook_receiver::heard& h) -> std::optional<hook_reply> {
    if (!faulty || h.body.find("\"bad") == std::string::npos) return std::nullopt;
    if (f.holds.count() > 0) std::this_thread::sleep_for(f.holds);
    return f.reply;
  });
  node n{impatient(receiver)};
  ps_camera watched{n.port_of("watched")};
  REQUIRE(eventually(soon, [&] { return n.online("rtp", "watched"); }));

  ps_camera bad{n.port_of("bad")};
  REQUIRE(receiver.wait([](const auto& all) {
    return std::any_of(all.begin(), all.end(), [](const auto& h) { return h.body.find("\"bad") != h.body.npos; });
  }));
  const auto before = packets(n, "watched");
  for (int i = 0; i < 5; ++i) {
    const auto id = "good" + std::to_string(i);
    ps_camera good{n.port_of(id)};
    REQUIRE(eventually(soon, [&] { return n.online("rtp", id); }));
    REQUIRE(n.close(id) == 1);
    REQUIRE(eventually(soon, [&] { return story_of(receiver, id) == whole_story; }));
  }
  if (f.holds.count() == 0) CHECK_FALSE(n.online("rtp", "bad"));
  CHECK(packets(n, "watched") > before);
  CHECK(n.figure("watched", "lost") == 0);
  CHECK(n.exists("bad"));

  faulty = false;
  REQUIRE(eventually(soon, [&] { return n.online("rtp", "bad"); }));
  CHECK(n.close("bad") == 1);
  CHECK(eventually(soon, [&] { return story_of(receiver, "bad") == whole_story; }));
}

TEST_CASE(
    "hook faults: a receiver that is away for a while hears everything when it is back, in the order of each stream") {
  constexpr int streams = 6;
  auto receiver = std::make_unique<hook_receiver>();
  const auto port = receiver->port();
  node n{impatient(*receiver)};
  std::vector<std::unique_ptr<ps_camera>> cameras;
  std::vector<std::string> ids;
  for (int i = 0; i < streams; ++i) {
    ids.push_back("cam" + std::to_string(i));
    cameras.push_back(std::make_unique<ps_camera>(n.port_of(ids.back())));
  }
  for (const auto& id : ids) REQUIRE(eventually(soon, [&] { return n.online("rtp", id); }));
  REQUIRE(eventually(soon, [&] { return story_of(*receiver, ids.back()).size() == 2; }));

  receiver.reset();
  const auto before = packets(n, ids[0]);
  // Half of them end while nobody hears it, and come again under the same name.
  for (int i = 0; i < streams / 2; ++i) {
    CHECK(n.close(ids[static_cast<std::size_t>(i)]) == 1);
    cameras[static_cast<std::size_t>(i)] = std::make_unique<ps_camera>(n.port_of(ids[static_cast<std::size_t>(i)]));
  }
  const auto undisturbed = ids.back();
  REQUIRE(eventually(soon, [&] { return packets(n, undisturbed) > before + 75; }));
  CHECK(n.online("rtp", undisturbed));
  CHECK(n.figure(undisturbed, "lost") == 0);

  receiver = std::make_unique<hook_receiver>(port);
  for (int i = 0; i < streams / 2; ++i) {
    INFO("stream " << i);
    const auto& id = ids[static_cast<std::size_t>(i)];
    REQUIRE(eventually(soon, [&] { return n.online("rtp", id); }));
    CHECK(eventually(soon, [&] {
      const auto story = story_of(*receiver, id);
      return story.size() == 3 && story.back() == "regist" &&
             std::count(story.begin(), story.end(), std::string{"unregist"}) == 1;
    }));
  }
  for (const auto& id : ids) CHECK(n.close(id) == 1);
  for (const auto& id : ids)
    CHECK(eventually(soon, [&] {
      const auto story = story_of(*receiver, id);
      return !story.empty() && story.back() == "unregist";
    }));
}

TEST_CASE("hook faults: answers that are held for ten seconds hold up their own stream alone", "[heavy]") {
  hook_receiver receiver;
  std::atomic<int> held{0};
  receiver.decide([&](const hook_receiver::heard& h) -> std::optional<hook_reply> {
    const bool slow = h.body.find("\"slow") != std::string::npos && h.body.find("\"regist\":true") != std::string::npos;
    if (!slow || !h.target.ends_with("/on_stream_changed")) return std::nullopt;
    // As a platform does that calls back from inside of a hook, and waits.
    ++held;
    std::this_thread::sleep_for(10s);
    --held;
    return std::nullopt;
  });
  auto settings = impatient(receiver);
  settings.emplace_back("hook.timeoutSec", "30");
  settings.emplace_back("hook.max_connections", "16");
  node n{settings};
  std::vector<std::unique_ptr<ps_camera>> slow;
  for (int i = 0; i < 8; ++i) slow.push_back(std::make_unique<ps_camera>(n.port_of("slow" + std::to_string(i))));
  REQUIRE(eventually(soon, [&] { return held == 8; }));
  for (int i = 0; i < 10; ++i) {
    const auto id = "quick" + std::to_string(i);
    ps_camera camera{n.port_of(id)};
    REQUIRE(eventually(soon, [&] { return n.online("rtp", id); }));
    REQUIRE(n.close(id) == 1);
    REQUIRE(eventually(soon, [&] { return story_of(receiver, id) == whole_story; }));
  }
  // All of that while the answers were still held.
  CHECK(held == 8);
  for (int i = 0; i < 8; ++i) CHECK(n.online("rtp", "slow" + std::to_string(i)));
  for (int i = 0; i < 8; ++i) CHECK(n.close("slow" + std::to_string(i)) == 1);
  CHECK(eventually(40s, [&] {
    for (int i = 0; i < 8; ++i)
      if (story_of(receiver, "slow" + std::to_string(i)) != whole_story) return false;
    return true;
  }));
}
