// The life of a stream as one pure function: facts and limits in, state and consequences out. Nothing else assigns a
// state.
//
//   listening --packet--> active --silent for stall_after--> stalled --packet--> active
//   listening, active, stalled --idle deadline, close--> closing --actor down--> (record gone)
#pragma once

#include <optional>

#include "actors/contract/event.hpp"
#include "net/base/time.hpp"

namespace berth::actors {

/// What is known about a stream's liveness.
struct liveness {
  net::time_point armed_at;                      ///< opened, or the idle check resumed
  std::optional<net::time_point> last_packet;    ///< accepted RTP
  std::optional<net::time_point> last_datagram;  ///< anything on the RTP port
  std::optional<net::time_point> paused_until;   ///< the idle check is suspended
};

struct life_limits {
  net::duration stall_after{};
  net::duration idle_after{};  ///< zero = never
};

enum class life_event : std::uint8_t {
  look,   ///< time has passed or packets came: compare the facts with the limits
  close,  ///< somebody wants it closed
};

struct life_step {
  stream_state state = stream_state::listening;
  close_reason reason = close_reason::none;  ///< set when the step leads to closing by time-out
  std::optional<event_kind> tell;            ///< what observers are to be told
  /// None: only a message can change anything. May be over already: then there is another step to take.
  std::optional<net::time_point> next_look;
};

/// Total over all pairs of state and event; `closing` is final.
life_step advance(stream_state state, life_event event, const liveness& facts, const life_limits& limits,
                  net::time_point now);

/// When the idle check would close the stream; none = never.
std::optional<net::time_point> idle_deadline(const liveness& facts, const life_limits& limits);

}  // namespace berth::actors
