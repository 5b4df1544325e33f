// Streams and ports as JSON, the same on both faces of the API.
#pragma once

#include <boost/json.hpp>

#include "actors/contract/event.hpp"
#include "actors/contract/inquiry.hpp"

namespace berth::api {

/// The fields that /index/api/ answers carry beside ZLMediaKit's own: state, port, generation.
void add_state(boost::json::object& to, const actors::stream_status& status);
/// As add_state, and what was received: packets, bytes, datagrams, refused by cause, lost, jitter, last_reason, ...
void add_counters(boost::json::object& to, const actors::stream_status& status);

/// The resource of /v1/streams/{stream_id}.
boost::json::object stream_json(const actors::stream_status& status);
/// One sender of listRtpSender and of events.
boost::json::object sender_json(const actors::sender_status& sender);
/// An event of /v1/events: {"id", "kind", "at_ms": Unix time, "stream" or "alarm"}.
boost::json::object event_json(const actors::event& e);
/// The resource of /v1/ports.
boost::json::object ports_json(const actors::ports_report& report);

}  // namespace berth::api
