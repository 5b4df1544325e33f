#include "actors/events/hook_queues.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/hook_queues_bench.hpp"
#include "tests/support/long_run.hpp"

using namespace berth;
using namespace berth::actors;
using namespace berth::tests;
using namespace std::chrono_literals;

// ---- which event, which hook ---------------------------------------------------------------------------------------

namespace {

// The first hook that an event calls for.
std::optional<hook_name> first_hook(const event& e) {
  const auto calls = hooks_for(e, {});
  return calls.empty() ? std::nullopt : std::optional{calls.front().name};
}

}  // namespace

TEST_CASE("only an idle time-out of a server with a port of its own is told as a time-out") {
  CHECK(first_hook(*closed_event("s", close_reason::never_fed)) == timeout_hook);
  CHECK(first_hook(*closed_event("s", close_reason::nothing_acceptable)) == timeout_hook);
  CHECK(first_hook(*closed_event("s", close_reason::went_silent)) == timeout_hook);
  for (const auto reason : {close_reason::requested, close_reason::replaced, close_reason::port_closed,
                            close_reason::shutdown, close_reason::failed})
    CHECK_FALSE(first_hook(*closed_event("s", reason)));
  CHECK_FALSE(first_hook(*closed_event("s", close_reason::never_fed, true)));
  CHECK_FALSE(first_hook(*closed_event("s", close_reason::went_silent, false, 10000)));
}

TEST_CASE("alarms and the server's own events have hooks, the life of a healthy stream has none") {
  CHECK(first_hook(*alarm_event("port_pool_low", true)) == alarm_hook);
  CHECK(first_hook(*alarm_event("port_pool_low", false)) == alarm_hook);
  CHECK(first_hook(*make_event(event_kind::server_started)) == hook_name::server_started);
  CHECK(first_hook(*make_event(event_kind::server_exited)) == hook_name::server_exited);
  CHECK_FALSE(first_hook(*make_event(event_kind::stream_opened)));
  CHECK_FALSE(first_hook(*make_event(event_kind::stream_active)));
  CHECK_FALSE(first_hook(*make_event(event_kind::stream_stalled)));
}

TEST_CASE("a receiver is its scheme, host and port") {
  CHECK(receiver_of("http://Host/a?b=c") == "http://host:80");
  CHECK(receiver_of("https://host/") == "https://host:443");
  CHECK(receiver_of("HTTP://host:8080") == "http://host:8080");
  CHECK(receiver_of("http://user:pass@host:81/x") == "http://host:81");
  CHECK(receiver_of("http://[::1]/x") == "http://[::1]:80");
  CHECK(receiver_of("http://[::1]:90/x") == "http://[::1]:90");
}

TEST_CASE("what is switched off is not sent and counts for nothing") {
  hook_bench b;
  b.settings.enabled = false;
  b.reset();
  b.queues->take(timed_out("s"));
  CHECK(b.start().empty());
  CHECK(b.counters(timeout_hook).taken == 0);
  b.settings.enabled = true;
  b.settings.url(timeout_hook).clear();
  b.apply();
  b.queues->take(timed_out("s"));
  CHECK(b.start().empty());
  CHECK_FALSE(b.queues->next_deadline());
}

// ---- order ---------------------------------------------------------------------------------------------------------

TEST_CASE("one delivery of a stream is under way, the next follows the answer, streams do not wait for each other") {
  hook_bench b;
  b.queues->take(timed_out("x"));
  b.queues->take(timed_out("x"));
  b.queues->take(timed_out("y"));
  const auto first = b.start();
  CHECK(streams(first) == names{"x", "y"});
  CHECK(b.start().empty());
  b.deliver(first[1]);
  CHECK(b.start().empty());
  b.deliver(first[0]);
  const auto second = b.start();
  CHECK(streams(second) == names{"x"});
  CHECK(second[0]->id == 1);
  b.deliver(second[0]);
  CHECK(b.queues->pending() == 0);
  CHECK(b.counters(timeout_hook).delivered == 3);
}

TEST_CASE("raised and cleared of one alarm keep their order") {
  hook_bench b;
  b.queues->take(alarm_event("port_pool_low", true));
  b.queues->take(alarm_event("port_pool_low", false));
  b.queues->take(alarm_event("allocation_failures", true));
  const auto first = b.start();
  REQUIRE(first.size() == 2);
  CHECK(first[0]->event->kind == event_kind::alarm_raised);
  CHECK(first[1]->event->alarm->name == "allocation_failures");
}

TEST_CASE("a receiver has no more than max_connections tries under way, and whoever waits longest is next") {
  hook_bench b;
  b.settings.max_connections = 2;
  b.apply();
  for (const auto* id : {"p", "q", "r", "s"}) b.queues->take(timed_out(id));
  b.queues->take(alarm_event("port_pool_low", true));
  const auto first = b.start();
  REQUIRE(first.size() == 3);  // the alarm's receiver is another one
  CHECK(first[0]->event->stream->key.stream == "p");
  CHECK(first[2]->name == alarm_hook);
  b.deliver(first[1]);
  CHECK(streams(b.start()) == names{"r"});
}

// ---- retries -------------------------------------------------------------------------------------------------------

TEST_CASE("a failed delivery is tried again under the same id, later each time, then given up") {
  hook_bench b;
  b.settings.retries = 3;
  b.settings.retry_delay = 2s;
  b.reset();
  b.queues->take(timed_out("x"));
  b.queues->take(timed_out("x"));
  auto tries = b.start();
  for (const auto delay : {2s, 4s, 8s}) {
    b.queues->take(alarm_event("port_pool_low", true));  // another receiver's success proves nothing
    REQUIRE(tries.size() == 1);
    CHECK(tries[0]->id == 0);
    const auto attempt = tries[0]->attempt;
    b.fail(tries[0]);
    for (const auto& d : b.start()) b.deliver(d);
    CHECK(b.queues->next_deadline() == b.now + delay);
    CHECK(b.pass(delay - 1ns).empty());
    tries = b.pass(1ns);
    REQUIRE(tries.size() == 1);
    CHECK(tries[0]->attempt == attempt + 1);
  }
  CHECK(tries[0]->attempt == 4);
  b.fail(tries[0]);
  const auto c = b.counters(timeout_hook);
  CHECK(c.sent == 1);
  CHECK(c.retried == 3);
  CHECK(c.failed == 1);
  CHECK(c.queued == 1);
  CHECK(b.queues->stats().last_failure == "on_rtp_server_timeout to http://a:80, try 4: no");
  const auto next = b.pass(2s);  // the receiver counts as dead by now, and is probed with the second delivery
  REQUIRE(next.size() == 1);
  CHECK(next[0]->id != 0);
}

TEST_CASE("back-off is spread by at most a quarter and bounded by a minute") {
  hook_bench b;
  b.settings.retries = 20;
  b.settings.retry_delay = 2s;
  b.reset();
  b.random = 1;
  b.queues->take(timed_out("x"));
  auto tries = b.start();
  b.fail(tries[0]);
  CHECK(b.queues->next_deadline() == b.now + 2500ms);
  b.random = 0;
  for (int i = 0; i < 10; ++i) {
    tries = b.pass(75s);
    REQUIRE(tries.size() == 1);
    b.fail(tries[0]);
  }
  CHECK(b.queues->next_deadline() == b.now + 60s);
}

TEST_CASE("a refusal is an answer: not tried again, and the next delivery follows") {
  hook_bench b;
  b.queues->take(timed_out("x"));
  b.queues->take(timed_out("x"));
  b.finish(b.start()[0], hook_outcome::refused(-1, "no such device"));
  const auto next = b.start();
  REQUIRE(next.size() == 1);
  CHECK(next[0]->attempt == 1);
  CHECK(b.counters(timeout_hook).refused == 1);
  CHECK(b.counters(timeout_hook).retried == 0);
}

TEST_CASE("an answer that comes twice, or late, is not heard") {
  hook_bench b;
  b.queues->take(timed_out("x"));
  const auto first = b.start();
  b.fail(first[0]);
  b.deliver(first[0]);
  CHECK(b.counters(timeout_hook).delivered == 0);
  const auto second = b.pass(3s);
  REQUIRE(second.size() == 1);
  b.deliver(first[0]);  // of the first try, while the second one is under way
  CHECK(b.counters(timeout_hook).delivered == 0);
  b.deliver(second[0]);
  b.deliver(second[0]);
  CHECK(b.counters(timeout_hook).delivered == 1);
  CHECK(b.queues->pending() == 0);
}

// ---- bounds --------------------------------------------------------------------------------------------------------

TEST_CASE("at the bound of a stream its oldest delivery that waits gives way, the one under way stays") {
  hook_bench b;
  b.settings.queue_limit = 2;
  b.reset();
  b.queues->take(timed_out("x"));
  auto current = b.start();
  for (int i = 0; i < 4; ++i) b.queues->take(timed_out("x"));  // ids 1..4
  CHECK(b.counters(timeout_hook).dropped == 2);
  CHECK(b.counters(timeout_hook).queued == 3);
  std::vector<std::uint64_t> ids;
  while (!current.empty()) {
    ids.push_back(current[0]->id);
    b.deliver(current[0]);
    current = b.start();
  }
  CHECK(ids == std::vector<std::uint64_t>{0, 3, 4});
}

TEST_CASE("at the bound in all the longest queue gives way, not the receiver that works") {
  hook_bench b;
  b.settings.total_limit = 10;
  b.reset();
  b.kill_receiver();
  for (int i = 0; i < 20; ++i) b.queues->take(timed_out("s" + std::to_string(i)));
  CHECK(b.queues->pending() == 10);
  b.queues->take(alarm_event("port_pool_low", true));
  CHECK(b.queues->pending() == 10);
  CHECK(b.counters(alarm_hook).dropped == 0);
  const auto out = b.start();
  REQUIRE(out.size() == 1);
  CHECK(out[0]->name == alarm_hook);
  const auto c = b.counters(timeout_hook);
  CHECK(c.taken == c.delivered + c.refused + c.failed + c.dropped + c.queued);
  CHECK(c.taken == 23);
  CHECK(c.queued == 9);
}

TEST_CASE("when all deliveries have begun, the bound in all turns the newest away") {
  hook_bench b;
  b.settings.total_limit = 2;
  b.reset();
  b.queues->take(timed_out("x"));
  b.queues->take(timed_out("y"));
  const auto out = b.start();
  b.queues->take(timed_out("z"));
  CHECK(b.counters(timeout_hook).dropped == 1);
  for (const auto& d : out) b.deliver(d);
  CHECK(b.queues->pending() == 0);
  b.queues->take(timed_out("z"));
  CHECK(streams(b.start()) == names{"z"});
}

// ---- dead receivers ------------------------------------------------------------------------------------------------

TEST_CASE("a receiver that fails several times in a row gets one try at a time, the others are untouched") {
  hook_bench b;
  b.kill_receiver();
  CHECK(b.queues->stats().dead_receivers == 1);
  for (int i = 0; i < 50; ++i) b.queues->take(timed_out("s" + std::to_string(i)));
  CHECK(b.start().empty());
  b.queues->take(alarm_event("port_pool_low", true));
  CHECK(b.start().size() == 1);

  const auto probe = b.pass(3s);
  REQUIRE(probe.size() == 1);
  CHECK(probe[0]->id == 0);   // whoever has waited longest
  CHECK(b.pass(5s).empty());  // it hangs, and nobody else is sent there
  b.fail(probe[0]);
  CHECK(b.queues->next_deadline() == b.now + 3s);
  CHECK(b.pass(2s).empty());
  CHECK(b.pass(1s).size() == 1);
}

TEST_CASE("the first answer of a dead receiver lets all that waits for it go") {
  hook_bench b;
  b.settings.max_connections = 100;
  b.reset();
  b.kill_receiver();
  for (int i = 0; i < 50; ++i) b.queues->take(timed_out("s" + std::to_string(i)));
  const auto probe = b.pass(3s);
  REQUIRE(probe.size() == 1);
  b.finish(probe[0], hook_outcome::refused(-1, ""));  // a refusal is a sign of life too
  CHECK(b.queues->stats().dead_receivers == 0);
  CHECK(b.start().size() == 52);
}

TEST_CASE("two failures in a row are not enough to call a receiver dead") {
  hook_bench b;
  b.kill_receiver(2);
  b.queues->take(timed_out("x"));
  CHECK(streams(b.start()) == names{"x"});
}

TEST_CASE("a new URL takes what waits to the new receiver, and what is off is dropped") {
  hook_bench b;
  b.kill_receiver();
  b.queues->take(timed_out("x"));
  b.queues->take(alarm_event("port_pool_low", true));
  const auto alarm = b.start();  // under way
  REQUIRE(alarm.size() == 1);
  b.settings.url(timeout_hook) = "http://c/timeout";
  b.settings.url(alarm_hook).clear();
  b.apply();
  const auto out = b.start();
  CHECK(streams(out) == names{"x"});
  CHECK(out[0]->url == "http://c/timeout");
  CHECK(b.queues->stats().dead_receivers == 0);
  b.fail(alarm[0]);  // switched off meanwhile: not tried again
  CHECK(b.counters(alarm_hook).failed == 1);
  CHECK(b.pass(3s).size() == 3);  // the failed ones, at the new receiver

  b.settings.enabled = false;
  b.queues->take(timed_out("y"));
  b.apply();
  CHECK(b.counters(timeout_hook).dropped == 1);
  CHECK(b.queues->pending() == 4);  // those under way end by themselves
}

TEST_CASE("switching hooks off drops what backs off") {
  hook_bench b;
  b.queues->take(timed_out("x"));
  b.queues->take(timed_out("x"));
  b.fail(b.start()[0]);
  b.settings.enabled = false;
  b.apply();
  CHECK(b.queues->pending() == 0);
  CHECK(b.counters(timeout_hook).dropped == 2);
  CHECK_FALSE(b.queues->next_deadline());
  CHECK(b.pass(1h).empty());
}

// ---- keepalive -----------------------------------------------------------------------------------------------------

// ---- all together --------------------------------------------------------------------------------------------------

TEST_CASE("whatever happens, the numbers add up, the bounds hold and streams keep their order") {
  for (std::uint64_t seed = 1; seed <= at_length(200U); ++seed) {
    INFO("seed " << seed);
    std::uint64_t state = seed * 0x9e3779b97f4a7c15ULL;
    const auto draw = [&state](std::uint64_t n) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      return state % n;
    };
    keepalive_bench b;
    b.settings.queue_limit = 3;
    b.settings.total_limit = 20;
    b.settings.max_connections = 3;
    b.reset();
    hook_bench::deliveries open;
    std::map<std::string, std::uint64_t> last;
    for (int step = 0; step < 400; ++step) {
      switch (draw(8)) {
        case 0:
        case 1:
        case 2:
          b.queues->take(timed_out("s" + std::to_string(draw(8))));
          break;
        case 3:
          b.queues->take(alarm_event("a" + std::to_string(draw(2)), draw(2) == 0));
          break;
        case 4:
        case 5:
          if (!open.empty()) {
            const auto i = static_cast<std::ptrdiff_t>(draw(open.size()));
            const auto outcome = draw(3) == 0   ? hook_outcome::delivered()
                                 : draw(2) == 0 ? hook_outcome::refused(1, "")
                                                : hook_outcome::failed("");
            b.finish(open[static_cast<std::size_t>(i)], outcome);
            open.erase(open.begin() + i);
          }
          break;
        case 6:
          b.now += std::chrono::milliseconds{draw(4000)};
          break;
        case 7:
          if (draw(10) > 0) break;
          b.settings.enabled = draw(4) > 0;
          b.settings.url(timeout_hook) = draw(2) == 0 ? "http://a/timeout" : "http://c/timeout";
          b.apply();
          break;
      }
      for (const auto& d : b.start()) {
        if (d->event && d->event->stream) {
          const auto& id = d->event->stream->key.stream;
          const bool beside = std::any_of(open.begin(), open.end(), [&](const auto& o) {
            return o->event && o->event->stream && o->event->stream->key.stream == id;
          });
          CHECK_FALSE(beside);
          CHECK(d->id + 1 >= last[id]);  // a retry has the id of its first try
          last[id] = d->id + 1;
        }
        open.push_back(d);
      }
      const auto s = b.queues->stats();
      REQUIRE(b.queues->pending() <= 20);
      REQUIRE(s.in_flight == open.size());
      std::uint64_t queued = 0;
      for (const auto& h : s.hooks) queued += h.queued;
      REQUIRE(queued == b.queues->pending() + b.counters(keepalive_hook).queued);
      REQUIRE(b.counters(keepalive_hook).queued <= hook_queues::max_keepalives);
    }
  }
}
