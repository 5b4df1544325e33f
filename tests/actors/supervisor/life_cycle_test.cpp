#include "actors/supervisor/life_cycle.hpp"

#include <vector>

#include "tests/support/catch.hpp"

using namespace berth::actors;
using namespace berth;
using namespace std::chrono_literals;

namespace {

const net::time_point t0{1h};
const life_limits limits{3s, 15s};

liveness fed(net::duration last_packet_at) {
  liveness f;
  f.armed_at = t0;
  f.last_packet = f.last_datagram = t0 + last_packet_at;
  return f;
}

liveness unfed() {
  liveness f;
  f.armed_at = t0;
  return f;
}

}  // namespace

TEST_CASE("a look moves the state by what was received and for how long it has been silent") {
  struct row {
    stream_state from;
    liveness facts;
    net::duration at;
    stream_state to;
    close_reason reason;
    std::optional<event_kind> tell;
  };
  auto junk = unfed();
  junk.last_datagram = t0 + 1s;
  const auto row = GENERATE_COPY(values<struct row>({
      {stream_state::listening, unfed(), 1s, stream_state::listening, close_reason::none, std::nullopt},
      {stream_state::listening, fed(1s), 2s, stream_state::active, close_reason::none, event_kind::stream_active},
      {stream_state::active, fed(1s), 2s, stream_state::active, close_reason::none, std::nullopt},
      {stream_state::active, fed(1s), 4s, stream_state::stalled, close_reason::none, event_kind::stream_stalled},
      {stream_state::stalled, fed(1s), 5s, stream_state::stalled, close_reason::none, std::nullopt},
      {stream_state::stalled, fed(8s), 9s, stream_state::active, close_reason::none, event_kind::stream_active},
      {stream_state::listening, fed(1s), 5s, stream_state::active, close_reason::none, event_kind::stream_active},
      {stream_state::listening, fed(1s), 99s, stream_state::active, close_reason::none, event_kind::stream_active},
      {stream_state::listening, unfed(), 15s, stream_state::closing, close_reason::never_fed, std::nullopt},
      {stream_state::listening, junk, 15s, stream_state::closing, close_reason::nothing_acceptable, std::nullopt},
      {stream_state::stalled, fed(1s), 16s, stream_state::closing, close_reason::went_silent, std::nullopt},
      {stream_state::active, fed(1s), 16s, stream_state::stalled, close_reason::none, event_kind::stream_stalled},
      {stream_state::closing, fed(1s), 2s, stream_state::closing, close_reason::none, std::nullopt},
      {stream_state::closing, unfed(), 99s, stream_state::closing, close_reason::none, std::nullopt},
  }));
  const auto step = advance(row.from, life_event::look, row.facts, limits, t0 + row.at);
  CHECK(step.state == row.to);
  CHECK(step.reason == row.reason);
  CHECK(step.tell == row.tell);
}

TEST_CASE("however late the look is, each state is told in its order") {
  auto state = stream_state::listening;
  std::vector<event_kind> told;
  for (int steps = 0; state != stream_state::closing; ++steps) {
    REQUIRE(steps < 5);
    const auto step = advance(state, life_event::look, fed(1s), limits, t0 + 99s);
    state = step.state;
    if (step.tell) told.push_back(*step.tell);
    if (state != stream_state::closing) CHECK(step.next_look <= t0 + 99s);
  }
  CHECK(told == std::vector{event_kind::stream_active, event_kind::stream_stalled});
}

TEST_CASE("a close leads to closing from every state, and closing is final") {
  for (const auto from : {stream_state::listening, stream_state::active, stream_state::stalled, stream_state::closing})
    CHECK(advance(from, life_event::close, fed(1s), limits, t0 + 2s).state == stream_state::closing);
}

TEST_CASE("the next look is at the stall or the idle deadline, whichever is first") {
  CHECK(advance(stream_state::listening, life_event::look, unfed(), limits, t0).next_look == t0 + 15s);
  CHECK(advance(stream_state::active, life_event::look, fed(1s), limits, t0 + 2s).next_look == t0 + 4s);
  CHECK(advance(stream_state::stalled, life_event::look, fed(1s), limits, t0 + 5s).next_look == t0 + 16s);
  CHECK_FALSE(advance(stream_state::stalled, life_event::look, fed(1s), {3s, 0s}, t0 + 500s).next_look);
}

TEST_CASE("a pause takes the place of the time-out, it is not added to it") {
  auto facts = fed(1s);
  facts.paused_until = t0 + 26s;
  CHECK(idle_deadline(facts, limits) == t0 + 26s);
  facts.paused_until = t0 + 5s;
  CHECK(idle_deadline(facts, limits) == t0 + 16s);
}

TEST_CASE("a resumed check counts its silence from the resume") {
  auto facts = fed(1s);
  facts.armed_at = t0 + 10s;
  CHECK(idle_deadline(facts, limits) == t0 + 25s);
}

TEST_CASE("a stream without a time-out stays") {
  CHECK_FALSE(idle_deadline(unfed(), {3s, 0s}));
  CHECK(advance(stream_state::listening, life_event::look, unfed(), {3s, 0s}, t0 + 1000h).state ==
        stream_state::listening);
}
