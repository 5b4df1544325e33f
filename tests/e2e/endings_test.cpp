// The end in the midst of everything: streams and those who watch, record and send them, calls under way, hooks that
// hang. A long run does it hundreds of times.
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hook_receiver.hpp"
#include "tests/support/long_run.hpp"
#include "tests/support/media_client.hpp"
#include "tests/support/ps_camera.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace berth::tests;

namespace {

constexpr auto bound = 1s;  // berth.shutdown_sec

/// A daemon whose hooks hang, and which records into a place of its own.
struct busy_node {
  busy_node() { hooks.always({.action = hook_reply::how::hang}); }

  hook_receiver hooks;
  const temporary_directory records;
  daemon_process daemon{settings()};

 private:
  daemon_process::settings settings() const {
    return hooked(hooks,
                  {"on_stream_changed", "on_rtp_server_timeout", "on_server_keepalive", "on_send_rtp_stopped",
                   "on_record_mp4", "on_stream_none_reader", "on_flow_report"},
                  {{"hook.timeoutSec", "60"},
                   {"hook.alive_interval", "0.1"},
                   {"general.flowThreshold", "0"},
                   {"berth.shutdown_sec", "1"},
                   {"protocol.mp4_save_path", records.path().string()}});
  }
};

/// What goes on at one node while it is ended: three cameras of which one has viewers, a recording and senders, a stream
/// that nobody feeds, and clients that open and close without a pause until nobody answers.
class traffic {
 public:
  explicit traffic(const daemon_process& at) : at_(at), face_(at.http_port(), at.secret()) {
    for (const auto* id : {"a", "b", "c"}) cameras_.push_back(std::make_unique<ps_camera>(opened(face_, id)));
    opened(face_, "unfed", {{"tcp_mode", "1"}});
    REQUIRE(eventually(20s, [&] { return flag(face_.call("isMediaOnline", named("rtp", "a")), "online"); }));
    CHECK(number(face_.call("startRecord", named("rtp", "a", {{"type", "1"}})), "code") == 0);
    const auto back = std::to_string(opened(face_, "back"));
    CHECK(code("startSendRtp", {{"ssrc", "1"}, {"dst_url", "127.0.0.1"}, {"dst_port", back}, {"is_udp", "1"}}) == 0);
    CHECK(code("startSendRtpPassive", {{"ssrc", "2"}}) == 0);
    for (const auto* target : {"/rtp/a.live.flv", "/rtp/a.live.ts", "/rtp/a.live.mp4"})
      CHECK(viewers_.emplace_back(std::make_unique<media_client>(at.http_port()))
                ->get(target)
                .starts_with("HTTP/1.1 200"));
    viewers_.emplace_back(std::make_unique<media_client>(at.http_port()))
        ->send("GET /rtp/later.live.flv HTTP/1.1\r\n\r\n");
    for (int i = 0; i < 3; ++i) clients_.emplace_back([this, i] { talk(i); });
  }
  ~traffic() {
    ending_ = true;
    for (auto& c : clients_) c.join();
  }
  traffic(const traffic&) = delete;
  traffic& operator=(const traffic&) = delete;

  /// Waits until the clients have had so many answers more.
  void let_talk(int answers) {
    const auto until = answers_ + answers;
    CHECK(eventually(20s, [&] { return answers_ >= until; }));
  }
  void stop_talking() { ending_ = true; }
  peer_face& face() noexcept { return face_; }

 private:
  static std::uint16_t opened(peer_face& face, const std::string& id, text_pairs more = {}) {
    return node::port_in(face.call("openRtpServer", node::with(id, more)));
  }
  std::int64_t code(const std::string& name, text_pairs more) {
    return number(face_.call(name, named("rtp", "a", std::move(more))), "code");
  }
  void talk(int number) {
    const auto id = "client" + std::to_string(number);
    try {
      for (peer_face mine{at_.http_port(), at_.secret()}; !ending_; answers_ += 2) {
        mine.call("openRtpServer", node::with(id, {}));
        mine.call("closeRtpServer", {{"stream_id", id}});
      }
    } catch (const std::runtime_error&) {
      // Nobody answers any more: that is what is waited for.
    }
  }

  const daemon_process& at_;
  peer_face face_;
  std::vector<std::unique_ptr<ps_camera>> cameras_;
  std::vector<std::unique_ptr<media_client>> viewers_;
  std::atomic<bool> ending_{false};
  std::atomic<int> answers_{0};
  std::vector<std::thread> clients_;
};

/// Whether nothing went wrong that is worth a line of the log.
bool in_order(const daemon_process& daemon) {
  const auto log = daemon.errors();
  return log.find(" E ") == log.npos && log.find("berthd:") == log.npos;
}

/// How far the clients get before the end comes, round by round.
int some(std::mt19937& from) { return std::uniform_int_distribution{0, 60}(from); }

}  // namespace

TEST_CASE("endings: SIGTERM in the midst of everything: exit 0 in time, and nothing to complain of") {
  busy_node n;
  auto& daemon = n.daemon;
  std::mt19937 luck{1};
  for (int round = 0; round < at_length(3); ++round) {
    INFO("round " << round);
    if (round > 0) daemon.start();
    traffic all{daemon};
    all.let_talk(some(luck));
    const auto end = daemon.stop(60s);
    CHECK(end.status == 0);
    CHECK(end.took < bound + 20s);
  }
  CHECK(in_order(daemon));
}

TEST_CASE("endings: SIGTERM again and again until the last moment: exit 0 all the same") {
  for (int round = 0; round < at_length(5); ++round) {
    INFO("round " << round);
    daemon_process daemon{{{"berth.shutdown_sec", "1"}}};
    peer_face face{daemon.http_port(), daemon.secret()};
    CHECK(number(face.call("openRtpServer", node::with("cam", {})), "code") == 0);
    // Unlike running(), which would take the status that is asked for.
    siginfo_t ended{};
    do daemon.signal(SIGTERM);
    while (::waitid(P_PID, static_cast<id_t>(daemon.pid()), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           ended.si_pid == 0);
    CHECK(daemon.wait(60s).status == 0);
  }
}

TEST_CASE("endings: restartServer in the midst of everything: it is back each time, with nothing left of before") {
  busy_node n;
  auto& daemon = n.daemon;
  std::mt19937 luck{2};
  for (int round = 0; round < at_length(3); ++round) {
    INFO("round " << round);
    {
      traffic all{daemon};
      all.let_talk(some(luck));
      CHECK(number(all.face().call("restartServer"), "code") == 0);
      daemon.await_restart();
    }
    peer_face face{daemon.http_port(), daemon.secret()};
    CHECK(face.call("listRtpServer").at("data").as_array().empty());
  }
  CHECK(daemon.stop(60s).status == 0);
  CHECK(in_order(daemon));
}

TEST_CASE("endings: SIGTERM while a restart is under way is the end") {
  busy_node n;
  auto& daemon = n.daemon;
  peer_face face{daemon.http_port(), daemon.secret()};
  CHECK(number(face.call("openRtpServer", node::with("cam", {})), "code") == 0);
  REQUIRE(n.hooks.wait_for("/on_server_keepalive", 1));
  CHECK(number(face.call("restartServer"), "code") == 0);
  daemon.signal(SIGTERM);
  CHECK(daemon.wait(60s).status == 0);
}

TEST_CASE("endings: SIGHUP in the midst of everything disturbs nothing") {
  busy_node n;
  auto& daemon = n.daemon;
  std::mt19937 luck{3};
  traffic all{daemon};
  for (int round = 0; round < at_length(3); ++round) {
    INFO("round " << round);
    const auto timeout = std::to_string(30 + round % 2);
    CHECK(number(all.face().call("setServerConfig", {{"rtp_proxy.timeoutSec", timeout}}), "changed") == 1);
    daemon.signal(SIGHUP);
    all.let_talk(some(luck));
    const auto info = all.face().call("getRtpInfo", {{"stream_id", "b"}});
    REQUIRE(flag(info, "exist"));
    const auto before = number(info, "packets");
    CHECK(eventually(20s, [&] {
      return number(all.face().call("getRtpInfo", {{"stream_id", "b"}}), "packets") > before;
    }));
  }
  all.stop_talking();
  CHECK(daemon.stop(60s).status == 0);
  CHECK(in_order(daemon));
}
