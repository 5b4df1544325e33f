#include "actors/events/event_ring.hpp"

#include "actors/contract/spawning.hpp"
#include "actors/events/event_log.hpp"
#include "tests/support/actor_lab.hpp"
#include "tests/support/catch.hpp"

namespace berth::actors {
namespace {

event of(event_kind kind) {
  event e;
  e.kind = kind;
  return e;
}

std::vector<std::uint64_t> ids(const event_batch& batch) {
  std::vector<std::uint64_t> all;
  for (const auto& e : batch.events) all.push_back(e->id);
  return all;
}

event_sink::behavior_type catch_events(event_sink::pointer, std::vector<event_ptr>* out) {
  return {[out](const event_ptr& e) { out->push_back(e); }};
}

using numbers = std::vector<std::uint64_t>;

TEST_CASE("every kind of event has a name of its own") {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < event_kind_count; ++i) names.push_back(to_string(static_cast<event_kind>(i)));
  CHECK(names.front() == "stream_opened");
  CHECK(to_string(event_kind::stream_closed) == "stream_closed");
  CHECK(to_string(event_kind::server_exited) == "server_exited");
  CHECK(names.back() == "sender_stopped");
  std::sort(names.begin(), names.end());
  CHECK(std::unique(names.begin(), names.end()) == names.end());
}

TEST_CASE("events are numbered from 1, and an empty ring has missed nothing") {
  event_ring ring{3};
  const auto nothing = ring.since({0, 100});
  CHECK(nothing.events.empty());
  CHECK(nothing.last == 0);
  CHECK_FALSE(nothing.missed);
  CHECK(ring.add(of(event_kind::stream_opened))->id == 1);
  CHECK(ring.add(of(event_kind::stream_closed))->id == 2);
  CHECK(ids(ring.since({0, 100})) == numbers{1, 2});
  CHECK(ring.since({0, 100}).events[1]->kind == event_kind::stream_closed);
}

TEST_CASE("a cursor gets what is newer, page by page, and is told what it missed") {
  event_ring ring{3};
  for (int i = 0; i < 5; ++i) ring.add(of(event_kind::stream_active));
  CHECK(ring.size() == 3);
  CHECK(ids(ring.since({3, 100})) == numbers{4, 5});
  CHECK(ids(ring.since({5, 100})).empty());
  CHECK_FALSE(ring.since({2, 100}).missed);  // 3 is the oldest there is
  CHECK(ids(ring.since({2, 2})) == numbers{3, 4});
  CHECK(ring.since({2, 2}).last == 5);
  CHECK(ring.since({1, 100}).missed);
  CHECK(ids(ring.since({1, 100})) == numbers{3, 4, 5});
  CHECK(ids(ring.since({0, 0})).empty());
}

TEST_CASE("a cursor of another run of the daemon reads from the oldest event on") {
  event_ring ring{3};
  ring.add(of(event_kind::server_started));
  const auto batch = ring.since({4711, 100});
  CHECK(batch.missed);
  CHECK(ids(batch) == numbers{1});
}

TEST_CASE("a ring of no size keeps one event") {
  event_ring ring{0};
  ring.add(of(event_kind::stream_opened));
  ring.add(of(event_kind::stream_closed));
  CHECK(ids(ring.since({0, 100})) == numbers{2});
}

TEST_CASE("the log hands each event on to its subscribers, once and in order") {
  tests::actor_lab lab;
  std::vector<event_ptr> one, two;
  auto log = spawn<event_log>(lab.system, std::size_t{10}, std::uint64_t{1}, std::function<void(const event_ptr&)>{});
  auto first = lab.system.spawn(catch_events, &one);
  auto second = lab.system.spawn(catch_events, &two);
  caf::anon_send(log, follow_events{first});
  caf::anon_send(log, follow_events{first});  // twice is once
  lab.run();
  caf::anon_send(log, of(event_kind::stream_opened));
  lab.run();
  caf::anon_send(log, follow_events{second});
  caf::anon_send(log, of(event_kind::stream_closed));
  lab.run();

  REQUIRE(one.size() == 2);
  CHECK(one[0]->id == 1);
  CHECK(one[1]->id == 2);
  REQUIRE(two.size() == 1);
  CHECK(two[0] == one[1]);  // shared, not copied

  // A subscriber that ends does not take the log with it.
  caf::anon_send_exit(second, caf::exit_reason::kill);
  second = nullptr;
  lab.run();
  caf::anon_send(log, of(event_kind::stream_opened));
  const auto batch = *lab.ask(log, events_since{2, 100});
  CHECK(ids(batch) == numbers{3});
  CHECK(one.size() == 3);
  CHECK(two.size() == 1);

  caf::anon_send_exit(log, caf::exit_reason::kill);
  caf::anon_send_exit(first, caf::exit_reason::kill);
  lab.run();
}

}  // namespace
}  // namespace berth::actors
