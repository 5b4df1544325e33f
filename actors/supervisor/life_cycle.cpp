#include "actors/supervisor/life_cycle.hpp"

#include <algorithm>

namespace berth::actors {
namespace {

close_reason silence_reason(const liveness& facts) {
  if (facts.last_packet) return close_reason::went_silent;
  return facts.last_datagram ? close_reason::nothing_acceptable : close_reason::never_fed;
}

stream_state state_by_packets(const liveness& facts, const life_limits& limits, net::time_point now) {
  if (!facts.last_packet) return stream_state::listening;
  return now - *facts.last_packet < limits.stall_after ? stream_state::active : stream_state::stalled;
}

std::optional<net::time_point> earlier(std::optional<net::time_point> a, std::optional<net::time_point> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace

std::optional<net::time_point> idle_deadline(const liveness& facts, const life_limits& limits) {
  if (limits.idle_after == net::duration::zero()) return std::nullopt;
  const auto silent_since = facts.last_packet ? std::max(*facts.last_packet, facts.armed_at) : facts.armed_at;
  const auto deadline = silent_since + limits.idle_after;
  // A pause takes the place of the time-out, it is not added to it.
  return facts.paused_until ? std::max(deadline, *facts.paused_until) : deadline;
}

life_step advance(stream_state state, life_event event, const liveness& facts, const life_limits& limits,
                  net::time_point now) {
  life_step step;
  step.state = state;
  if (state == stream_state::closing) return step;
  if (event == life_event::close) {
    step.state = stream_state::closing;
    return step;
  }
  const auto deadline = idle_deadline(facts, limits);
  // However late the look is: a stream that was fed was active before it stalled, and stalled before it was given up.
  const bool was_fed = state == stream_state::listening && facts.last_packet;
  const bool has_stalled = state == stream_state::active && now - *facts.last_packet >= limits.stall_after;
  if (deadline && now >= *deadline && !was_fed && !has_stalled) {
    step.state = stream_state::closing;
    step.reason = silence_reason(facts);
    return step;
  }
  step.state = was_fed ? stream_state::active : state_by_packets(facts, limits, now);
  if (step.state != state) {
    if (step.state == stream_state::active) step.tell = event_kind::stream_active;
    if (step.state == stream_state::stalled) step.tell = event_kind::stream_stalled;
  }
  std::optional<net::time_point> stall;
  if (step.state == stream_state::active) stall = *facts.last_packet + limits.stall_after;
  step.next_look = earlier(deadline, stall);
  return step;
}

}  // namespace berth::actors
