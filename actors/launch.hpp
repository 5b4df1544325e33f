// From a record with bound sockets to a living actor.
#pragma once

#include "actors/record.hpp"

namespace berth::actors {

/// Spawns the stream, or the shared port, that `r` describes on the host of `r`, monitored by the supervisor. `banned`
/// is a former sender of the port, unset if there is none. Throws what CAF throws when there is no memory or thread.
caf::actor launch(supervisor_actor::pointer supervisor, const stream_key& key, const record& r,
                  const node_settings& settings, net::socket_factory& sockets, const net::endpoint& banned);

}  // namespace berth::actors
