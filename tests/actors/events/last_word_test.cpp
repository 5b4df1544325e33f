// on_server_exited, which comes behind all other hooks as long as there is time for them.
#include "actors/events/hook_queues.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hook_queues_bench.hpp"

using namespace berth;
using namespace berth::actors;
using namespace berth::tests;
using namespace std::chrono_literals;

TEST_CASE("the last word comes behind all others, and does not wait for them for ever") {
  const bool answered = GENERATE(false, true);
  hook_bench b;
  b.settings.url(hook_name::server_exited) = "http://elsewhere/exited";
  b.apply();
  for (const auto* id : {"x", "x", "y"}) b.queues->take(timed_out(id));
  b.queues->take(make_event(event_kind::server_exited));
  auto under_way = b.start();
  REQUIRE(under_way.size() == 2);
  if (answered) {
    for (const auto& d : under_way) b.deliver(d);
    under_way = b.start();
    REQUIRE(under_way.size() == 1);
    CHECK(under_way[0]->name == timeout_hook);
    b.deliver(under_way[0]);
  } else {
    REQUIRE(b.queues->next_deadline());
    CHECK(*b.queues->next_deadline() <= b.now + hook_queues::longest_wait_for_others);
    b.now += hook_queues::longest_wait_for_others;
  }
  const auto last = b.start();
  REQUIRE(last.size() == 1);
  CHECK(last[0]->name == hook_name::server_exited);
  CHECK(b.start().empty());
  b.deliver(last[0]);
  CHECK(b.queues->pending() == (answered ? 0U : 3U));
}

TEST_CASE("the last word waits for nobody who is not there, nor for what is to be tried again, and keeps to the time") {
  hook_bench b;
  b.settings.url(hook_name::server_exited) = "http://elsewhere/exited";
  b.apply();
  b.queues->take(timed_out("x"));
  const auto first = b.start();
  REQUIRE(first.size() == 1);
  b.queues->take(make_event(event_kind::server_exited));
  CHECK(b.start().empty());
  SECTION("it is to be tried again") {
    b.queues->finish(first[0]->id, first[0]->attempt, hook_outcome::failed("reset"), b.now);
    CHECK(b.start().size() == 1);
  }
  SECTION("there is less time") {
    b.queues->end_by(b.now + 1s, b.now);
    CHECK(b.queues->next_deadline() == b.now + 500ms);
    b.now += 500ms;
    CHECK(b.start().size() == 1);
    CHECK((!b.queues->next_deadline() || *b.queues->next_deadline() > b.now));
  }
}
