#include "actors/supervisor/launch.hpp"

#include "actors/stream/shared_port.hpp"
#include "actors/stream/sourced_stream.hpp"
#include "actors/stream/stream.hpp"

namespace berth::actors {
namespace {

/// Makes the actor of each kind of wish.
struct launcher {
  const launch_means& with;
  const stream_key& key;
  stream_record& r;

  // Weak: a stream must not keep its supervisor.
  weak_handle<overseer_actor> overseer() const {
    return weak_handle<overseer_actor>{caf::actor_cast<caf::weak_actor_ptr>(with.supervisor->ctrl())};
  }
  template <class Actor, class Options>
  void spawn(Options o) const {
    o.key = key;
    o.generation = r.generation;
    r.berth.actor =
        with.supervisor->template spawn<Actor, caf::monitored>(r.berth.host, r.berth.shared, std::move(o), overseer());
  }

  void operator()(const multiplex_port&) const {
    shared_port_options o;
    o.max_tcp_frame = with.settings.max_tcp_frame;
    o.max_connections = with.settings.max_multiplex_streams;
    o.silence = with.settings.allocator.silence;
    spawn<shared_port>(std::move(o));
  }
  void operator()(const sourced& from) const {
    sourced_stream_options o;
    o.source = from.source;
    o.open_source = from.open_source ? from.open_source : with.sources;
    o.media = with.settings.media;
    spawn<sourced_stream>(std::move(o));
  }
  void operator()(const rtp_port& port) const {
    stream_options o;
    o.receiver.policy = port.sources.value_or(with.settings.sources);
    o.receiver.ssrc_filter = port.ssrc;
    o.receiver.relearn_after = with.settings.relearn_after;
    o.silence = with.settings.allocator.silence;
    o.max_tcp_frame = with.settings.max_tcp_frame;
    o.media = with.settings.media;
    o.only_track = port.only_track;
    o.sockets = &with.sockets;
    o.feed = r.berth.feed;
    o.fed_ssrc = port.ssrc;
    spawn<stream>(std::move(o));
  }
};

}  // namespace

void launch(const launch_means& with, const stream_key& key, stream_record& r) {
  std::visit(launcher{with, key, r}, r.request().what);
}

}  // namespace berth::actors
