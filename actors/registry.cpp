#include "actors/registry.hpp"

namespace berth::actors {

liveness record::facts() const {
  return {armed_at, mooring::time(shared->last_packet), mooring::time(shared->last_datagram), paused_until};
}

stream_status record::status(const stream_key& key, net::time_point now) const {
  stream_status s;
  s.key = key;
  s.generation = generation;
  s.state = state;
  s.mode = request.mode;
  s.only_track = request.only_track;
  s.re_use_port = request.re_use_port;
  s.multiplex = request.multiplex;
  s.configured = request.configured;
  s.ssrc_filter = ssrc_filter;
  s.idle_after = idle_after;
  s.opened_at = opened_at;
  s.local = local;
  s.parent_port = parent ? local.port() : std::uint16_t{0};
  const auto from = shared->from.load();
  s.peer = from.source;
  s.ssrc = from.ssrc;
  s.payload_type = from.payload_type;
  s.over_tcp = from.over_tcp;
  s.receive_buffer = shared->receive_buffer;
  s.age = now - opened;
  const auto seen = facts();
  if (seen.last_packet) s.since_last_packet = now - *seen.last_packet;
  if (seen.last_datagram) s.since_last_datagram = now - *seen.last_datagram;
  s.paused = paused_until && *paused_until > now;
  s.counters = view(shared->counters);
  s.reason = reason;
  s.last_reason = shared->last_reason.load().str();
  if (s.last_reason.empty() || s.counters.accepted == 0) {
    if (auto refusals = describe_refusals(s.counters); !refusals.empty()) s.last_reason = std::move(refusals);
  }
  return s;
}

bool record::same_parameters(const record& other) const {
  const auto& a = request;
  const auto& b = other.request;
  return (b.port == 0 ? a.port == 0 : local.port() == b.port) && a.mode == b.mode && a.only_track == b.only_track &&
         a.multiplex == b.multiplex && ssrc_filter == b.ssrc && idle_after == other.idle_after &&
         sources == other.sources && local_request.same_address(other.local_request);
}

record* registry::find(const stream_key& key) {
  const auto found = records_.find(key);
  return found == records_.end() ? nullptr : &found->second;
}

record* registry::find(const stream_key& key, generation_t generation) {
  auto* r = find(key);
  return r != nullptr && r->generation == generation ? r : nullptr;
}

const stream_key* registry::key_of(const caf::actor_addr& actor) const {
  const auto found = by_actor_.find(actor.id());
  return found == by_actor_.end() ? nullptr : &found->second;
}

record& registry::insert(const stream_key& key, record r) {
  by_actor_[r.actor.id()] = key;
  return records_.insert_or_assign(key, std::move(r)).first->second;
}

record registry::extract(const stream_key& key) {
  auto node = records_.extract(key);
  by_actor_.erase(node.mapped().actor.id());
  return std::move(node.mapped());
}

}  // namespace berth::actors
