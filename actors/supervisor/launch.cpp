#include "actors/supervisor/launch.hpp"

#include "actors/stream/shared_port.hpp"
#include "actors/stream/sourced_stream.hpp"
#include "actors/stream/stream.hpp"

namespace berth::actors {

caf::actor launch(const launch_means& with, const stream_key& key, const stream_record& r,
                  const net::endpoint& banned) {
  const auto& [supervisor, settings, sockets, sources] = with;
  // Weak: a stream must not keep its supervisor.
  const auto self = caf::actor_cast<caf::weak_actor_ptr>(supervisor->ctrl());
  if (r.request.multiplex) {
    shared_port_options o;
    o.key = key;
    o.generation = r.generation;
    o.max_tcp_frame = settings.max_tcp_frame;
    o.max_connections = settings.max_multiplex_streams;
    o.silence = settings.allocator.silence;
    return caf::actor_cast<caf::actor>(
        supervisor->spawn<shared_port, caf::monitored>(r.host, r.shared, std::move(o), self));
  }
  if (r.request.source) {
    sourced_stream_options o;
    o.key = key;
    o.generation = r.generation;
    o.source = r.request.source;
    o.open_source = r.request.open_source ? r.request.open_source : sources;
    o.media = settings.media;
    return caf::actor_cast<caf::actor>(
        supervisor->spawn<sourced_stream, caf::monitored>(r.host, r.shared, std::move(o), self));
  }
  stream_options o;
  o.key = key;
  o.generation = r.generation;
  o.receiver.policy = r.sources;
  o.receiver.ssrc_filter = r.ssrc_filter;
  o.receiver.relearn_after = settings.relearn_after;
  o.banned = banned;
  o.silence = settings.allocator.silence;
  o.max_tcp_frame = settings.max_tcp_frame;
  o.media = settings.media;
  o.only_track = r.request.only_track;
  o.sockets = &sockets;
  o.feed = r.feed;
  o.fed_ssrc = r.ssrc_filter;
  return caf::actor_cast<caf::actor>(supervisor->spawn<stream, caf::monitored>(r.host, r.shared, std::move(o), self));
}

}  // namespace berth::actors
