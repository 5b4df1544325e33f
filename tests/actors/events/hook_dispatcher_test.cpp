#include "actors/events/hook_dispatcher.hpp"

#include "actors/contract/spawning.hpp"
#include "actors/events/event_log.hpp"
#include "tests/support/actor_lab.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/long_run.hpp"

namespace berth::actors {
namespace {

using namespace std::chrono_literals;

/// Takes deliveries and answers when the test says so.
class scripted_transport : public hook_transport {
 public:
  struct call {
    std::shared_ptr<const hook_delivery> delivery;
    std::function<void(hook_outcome)> done;
    net::time_point at;
  };

  explicit scripted_transport(tests::actor_lab& lab) : lab_(lab) {}
  void post(std::shared_ptr<const hook_delivery> delivery, std::function<void(hook_outcome)> done) override {
    if (answer_at_once) return done(*answer_at_once);
    calls.push_back({std::move(delivery), std::move(done), lab_.now()});
  }

  std::vector<call> calls;
  std::optional<hook_outcome> answer_at_once;

 private:
  tests::actor_lab& lab_;
};

class scene {
 public:
  explicit scene(std::uint64_t seed = 0) : lab(seed) {
    settings.enabled = true;
    settings.url(hook_name::rtp_server_timeout) = "http://a/timeout";
    settings.url(hook_name::server_exited) = "http://a/exited";
  }
  ~scene() {
    caf::anon_send_exit(hooks, caf::exit_reason::kill);
    lab.run();
    hooks = nullptr;
    lab.scheduler.clock().cancel_all();
  }
  void begin() {
    hooks = spawn<hook_dispatcher>(lab.system, static_cast<hook_transport*>(&transport), share(),
                                   std::function<double()>{[] { return 0.0; }});
    lab.run();
  }
  void apply() {
    caf::anon_send(hooks, share());
    lab.run();
  }
  void time_out(const std::string& id) {
    auto status = std::make_shared<stream_status>();
    status->key.stream = id;
    status->reason = close_reason::never_fed;
    auto e = std::make_shared<event>();
    e->kind = event_kind::stream_closed;
    e->stream = std::move(status);
    caf::anon_send(hooks, event_ptr{std::move(e)});
  }
  void pass(net::duration d) {
    for (; d > 0ms; d -= 10ms) lab.advance(std::min<net::duration>(d, 10ms));
  }
  hook_stats stats() { return *lab.ask(hooks, hook_stats_request{}); }

  tests::actor_lab lab;
  scripted_transport transport{lab};
  hook_settings settings;
  hook_dispatcher_actor hooks;

 private:
  hook_settings_ptr share() const { return std::make_shared<const hook_settings>(settings); }
};

TEST_CASE("an event becomes a delivery at once, and its answer is counted") {
  scene s;
  s.begin();
  s.time_out("x");
  s.lab.run();
  REQUIRE(s.transport.calls.size() == 1);
  const auto& d = *s.transport.calls[0].delivery;
  CHECK(d.url == "http://a/timeout");
  CHECK(d.event->stream->key.stream == "x");
  CHECK(s.stats()[hook_name::rtp_server_timeout].queued == 1);
  s.transport.calls[0].done(hook_outcome::delivered());
  CHECK(s.stats()[hook_name::rtp_server_timeout].delivered == 1);
  CHECK(s.stats().in_flight == 0);
}

TEST_CASE("the dispatcher is a sink of the event log") {
  scene s;
  s.begin();
  auto log = spawn<event_log>(s.lab.system, std::size_t{10}, std::uint64_t{1}, std::function<void(const event_ptr&)>{});
  caf::anon_send(log, follow_events{event_sink{s.hooks}});
  event e;
  e.kind = event_kind::server_exited;
  caf::anon_send(log, e);
  s.lab.run();
  REQUIRE(s.transport.calls.size() == 1);
  CHECK(s.transport.calls[0].delivery->event->id == 1);
  caf::anon_send_exit(log, caf::exit_reason::kill);
  s.lab.run();
}

TEST_CASE("a transport may answer before post() returns") {
  scene s;
  s.transport.answer_at_once = hook_outcome::delivered();
  s.begin();
  for (int i = 0; i < 5; ++i) s.time_out("x");
  s.lab.run();
  CHECK(s.stats()[hook_name::rtp_server_timeout].delivered == 5);
}

TEST_CASE("a failed delivery is posted again after the delay, without anybody's message") {
  scene s;
  s.begin();
  s.time_out("x");
  s.lab.run();
  const auto began = s.lab.now();
  s.transport.calls[0].done(hook_outcome::failed("reset"));
  s.lab.run();
  s.pass(4s);
  REQUIRE(s.transport.calls.size() == 2);
  CHECK(s.transport.calls[1].delivery->attempt == 2);
  CHECK(s.transport.calls[1].delivery->id == s.transport.calls[0].delivery->id);
  CHECK(s.transport.calls[1].at - began >= 3s);
  CHECK(s.transport.calls[1].at - began <= 3100ms);
}

TEST_CASE("keepalives come on time while deliveries hang") {
  scene s;
  s.settings.url(hook_name::server_keepalive) = "http://a/keepalive";
  s.settings.alive_interval = 10s;
  const auto began = s.lab.now();
  s.begin();
  for (int i = 0; i < 100; ++i) s.time_out("s" + std::to_string(i));
  s.lab.run();
  CHECK(s.transport.calls.size() == s.settings.max_connections);
  s.transport.calls.clear();
  s.pass(20s);
  REQUIRE(s.transport.calls.size() == 2);
  CHECK(s.transport.calls[0].at == began + 10s);
  CHECK(s.transport.calls[1].at == began + 20s);
}

TEST_CASE("hooks that are enabled at run time get their keepalive one interval later") {
  scene s;
  s.settings.enabled = false;
  s.settings.url(hook_name::server_keepalive) = "http://a/keepalive";
  s.begin();
  s.pass(15s);
  CHECK(s.transport.calls.empty());
  s.settings.enabled = true;
  s.settings.alive_interval = 2s;
  s.apply();
  const auto enabled = s.lab.now();
  s.pass(3s);
  REQUIRE(s.transport.calls.size() == 1);
  CHECK(s.transport.calls[0].at == enabled + 2s);
}

TEST_CASE("with hooks off the dispatcher needs no timer") {
  scene s;
  s.settings.enabled = false;
  s.begin();
  CHECK_FALSE(s.lab.scheduler.has_pending_timeout());
}

TEST_CASE("there is one tick, however many deliveries wait for their time") {
  scene s;
  s.settings.max_connections = 100;
  s.begin();
  for (int i = 0; i < 100; ++i) s.time_out("s" + std::to_string(i));
  s.lab.run();
  for (const auto& c : s.transport.calls) c.done(hook_outcome::failed("reset"));
  s.lab.run();
  CHECK(s.lab.scheduler.trigger_timeout());
  CHECK_FALSE(s.lab.scheduler.has_pending_timeout());
}

TEST_CASE("a flush is answered when all is delivered") {
  scene s;
  s.begin();
  CHECK(s.lab.ask(s.hooks, hook_flush_request{5s})->left == 0);
  s.time_out("x");
  s.time_out("x");
  auto pending = s.lab.self->request(s.hooks, caf::infinite, hook_flush_request{5s});
  s.lab.run();
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(s.lab.self->mailbox().empty());
    s.transport.calls[i].done(hook_outcome::delivered());
    s.lab.run();
  }
  std::optional<std::size_t> left;
  pending.receive([&](const outcome<hook_flushed>& f) { left = f->left; }, [](caf::error&) {});
  CHECK(left == 0);
}

TEST_CASE("a flush is answered at its deadline with what is left") {
  scene s;
  s.begin();
  s.time_out("x");
  s.time_out("y");
  auto pending = s.lab.self->request(s.hooks, caf::infinite, hook_flush_request{5s});
  s.lab.run();
  s.pass(4900ms);
  CHECK(s.lab.self->mailbox().empty());
  s.transport.calls[1].done(hook_outcome::delivered());
  s.pass(200ms);
  std::optional<std::size_t> left;
  pending.receive([&](const outcome<hook_flushed>& f) { left = f->left; }, [](caf::error&) {});
  CHECK(left == 1);
}

TEST_CASE("an answer that comes after the end of the dispatcher is dropped") {
  scene s;
  s.begin();
  s.time_out("x");
  s.lab.run();
  caf::anon_send_exit(s.hooks, caf::exit_reason::user_shutdown);
  s.lab.run();
  s.hooks = nullptr;
  s.transport.calls[0].done(hook_outcome::delivered());
  s.lab.run();
  CHECK(s.transport.calls.size() == 1);
}

TEST_CASE("in any order of messages each delivery is posted in the order of its stream and ends once") {
  for (std::uint64_t seed = 0; seed < tests::at_length(50U); ++seed) {
    INFO("seed " << seed);
    scene s{seed};
    s.begin();
    for (int i = 0; i < 30; ++i) s.time_out("s" + std::to_string(i % 3));
    for (std::size_t answered = 0; answered < 30;) {
      s.lab.run_shuffled();
      REQUIRE(s.transport.calls.size() > answered);
      s.transport.calls[answered++].done(hook_outcome::delivered());
    }
    s.lab.run_shuffled();
    std::map<std::string, std::uint64_t> last;
    for (const auto& c : s.transport.calls) {
      auto& id = last[c.delivery->event->stream->key.stream];
      CHECK(c.delivery->id + 1 > id);
      id = c.delivery->id + 1;
    }
    CHECK(s.stats()[hook_name::rtp_server_timeout].delivered == 30);
  }
}

}  // namespace
}  // namespace berth::actors
