#include "tests/support/catch.hpp"
#include "tests/support/hook_queues_bench.hpp"

using namespace berth;
using namespace berth::actors;
using namespace berth::tests;
using namespace std::chrono_literals;

TEST_CASE("the keepalive comes every interval, the first one interval after the start") {
  keepalive_bench b;
  CHECK(b.queues->next_deadline() == b.now + 10s);
  CHECK(b.pass(10s - 1ns).empty());
  for (int i = 0; i < 5; ++i) {
    const auto out = i == 0 ? b.pass(1ns) : b.pass(10s);
    REQUIRE(out.size() == 1);
    CHECK(out[0]->name == keepalive_hook);
    CHECK(out[0]->event == nullptr);
    b.deliver(out[0]);
  }
  CHECK(b.counters(keepalive_hook).delivered == 5);
}

TEST_CASE("the keepalive is on time while all else hangs and its own predecessors are unanswered") {
  keepalive_bench b;
  b.settings.max_connections = 2;
  b.apply();
  for (int i = 0; i < 10; ++i) b.queues->take(timed_out("s" + std::to_string(i)));
  CHECK(b.start().size() == 2);  // never answered
  const auto one = b.pass(10s);
  const auto two = b.pass(10s);
  REQUIRE(one.size() == 1);
  REQUIRE(two.size() == 1);
  CHECK(b.pass(10s).empty());  // a third one in flight is too many
  CHECK(b.counters(keepalive_hook).dropped == 1);
  CHECK(b.counters(keepalive_hook).queued == 2);
  b.fail(one[0]);
  const auto next = b.pass(10s);
  REQUIRE(next.size() == 1);  // one, not those that were missed
  CHECK(next[0]->attempt == 1);
}

TEST_CASE("the keepalive goes to a dead receiver all the same, is not tried again, and its answer revives it") {
  keepalive_bench b;
  b.settings.retry_delay = 1h;
  b.reset();
  b.kill_receiver();
  b.queues->take(timed_out("x"));
  const auto one = b.pass(10s);
  REQUIRE(one.size() == 1);
  b.fail(one[0]);
  CHECK(b.counters(keepalive_hook).failed == 1);
  CHECK(b.pass(9s).empty());
  const auto two = b.pass(1s);
  REQUIRE(two.size() == 1);
  CHECK(two[0]->id != one[0]->id);
  b.deliver(two[0]);
  // Those that back off for an hour have no reason to any more.
  CHECK(streams(b.start()) == names{"dead0", "dead1", "dead2", "x"});
}

TEST_CASE("keepalives that were missed are not made up for") {
  keepalive_bench b;
  CHECK(b.pass(35s).size() == 1);
  CHECK(b.pass(5s).empty());
  CHECK(b.pass(5s).size() == 1);
}

TEST_CASE("interval and switch of the keepalive act at once, another URL leaves its beat") {
  keepalive_bench b;
  CHECK(b.pass(4s).empty());
  b.settings.url(keepalive_hook) = "http://c/keepalive";
  b.apply();
  CHECK(b.queues->next_deadline() == b.now + 6s);
  b.settings.alive_interval = 2s;
  b.apply();
  CHECK(b.queues->next_deadline() == b.now + 2s);
  const auto out = b.pass(2s);
  REQUIRE(out.size() == 1);
  CHECK(out[0]->url == "http://c/keepalive");
  b.settings.enabled = false;
  b.apply();
  CHECK_FALSE(b.queues->next_deadline());
  CHECK(b.pass(1h).empty());
  b.settings.enabled = true;
  b.apply();
  CHECK(b.queues->next_deadline() == b.now + 2s);
}
