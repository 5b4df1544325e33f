// From a record to a living actor.
#pragma once

#include "actors/supervisor/stream_record.hpp"

namespace berth::actors {

/// What new streams are given.
struct launch_means {
  supervisor_actor::pointer supervisor;
  const node_settings& settings;
  net::socket_factory& sockets;
  const net::source_factory& sources;
};

/// Spawns the stream, shared port or fetched stream that `r` describes on the host of `r`, monitored by the supervisor,
/// and puts its handle into `r`. Throws what CAF throws when there is no memory or thread.
void launch(const launch_means& with, const stream_key& key, stream_record& r);

}  // namespace berth::actors
