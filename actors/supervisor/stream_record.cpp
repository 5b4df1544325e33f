#include "actors/supervisor/stream_record.hpp"

namespace berth::actors {
namespace {

// Who sends something himself is never somebody else.
bool same(const net::source_options_ptr& a, const net::source_options_ptr& b) {
  return a && b && !a->pushed ? *a == *b : a == b;
}

}  // namespace

stream_key stream_record::public_key(const stream_key& key) const {
  if (publish.stream_replace.empty()) return key;
  return {key.vhost, key.app, publish.stream_replace};
}

bool stream_record::holds_port_of(const open_request& wanted) const {
  if (parent || request.source || wanted.port == 0) return false;
  const auto width = [](const open_request& r) { return r.rtcp && !r.multiplex ? 2 : 1; };
  return wanted.port < local.port() + width(request) && local.port() < wanted.port + width(wanted);
}

liveness stream_record::facts() const {
  return {armed_at, mooring::time(shared->last_packet), mooring::time(shared->last_datagram), paused_until};
}

life_limits stream_record::limits(const node_settings& settings) const {
  return {settings.stall_after, state == stream_state::listening ? request.patience.value_or(idle_after) : idle_after};
}

stream_status stream_record::status(const stream_key& key, net::time_point now) const {
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
  if (const auto& source = request.source) {
    s.origin = source->file ? stream_origin::file : source->pushed ? stream_origin::push : stream_origin::pull;
    s.source_url = net::without_password(source->url);
  }
  s.local = local;
  s.parent_port = parent ? local.port() : std::uint16_t{0};
  const auto from = shared->from.load();
  s.peer = request.publisher.is_set() ? request.publisher : from.source;
  s.params = request.params;
  s.ssrc = from.ssrc;
  s.payload_type = from.payload_type;
  s.over_tcp = from.over_tcp;
  s.receive_buffer = shared->receive_buffer;
  s.age = now - opened;
  const auto seen = facts();
  if (seen.last_packet) s.since_last_packet = now - *seen.last_packet;
  if (seen.last_datagram) s.since_last_datagram = now - *seen.last_datagram;
  s.paused = paused_until && *paused_until > now;
  s.counters = net::counter_values{shared->counters};
  if (!publish.stream_replace.empty()) s.public_name = publish.stream_replace;
  s.media = media;
  s.publish = publish;
  if (registered)
    s.registered_at = opened_at + std::chrono::duration_cast<net::wall_clock::duration>(*registered - opened);
  if (registered) s.watchable = now - *registered;
  s.reason = reason;
  s.last_reason = shared->last_reason.load().str();
  if (s.last_reason.empty() || s.counters.accepted == 0) {
    if (auto refusals = describe_refusals(s.counters); !refusals.empty()) s.last_reason = std::move(refusals);
  }
  if (!publish_refusal.empty()) s.last_reason = publish_refusal;
  return s;
}

bool stream_record::same_parameters(const stream_record& other) const {
  const auto& a = request;
  const auto& b = other.request;
  return (b.port == 0 ? a.port == 0 : local.port() == b.port) && a.mode == b.mode && a.only_track == b.only_track &&
         a.multiplex == b.multiplex && same(a.source, b.source) && ssrc_filter == b.ssrc &&
         idle_after == other.idle_after && sources == other.sources && local_request.same_address(other.local_request);
}

net::port_request ports_for(const open_request& request, const net::endpoint& local) {
  return {local, request.rtcp && !request.multiplex, request.mode == tcp_mode::passive};
}

net::result<stream_record, rejection> record_of(const open_request& request, const node_settings& settings,
                                                const moment& at) {
  const auto& ip = request.local_ip.empty() ? settings.listen_ip : request.local_ip;
  const auto local = net::endpoint::parse(ip, request.port);
  if (!local) return net::failure{rejection{errc::bad_address, "'" + ip + "' is not a numeric address", {}}};
  if (request.port == 65535 && !request.multiplex)
    return net::failure{rejection{errc::no_port, "port 65535 leaves no room for RTCP on the next one", {}}};
  stream_record r;
  r.request = request;
  r.local_request = r.local = *local;
  r.idle_after = request.idle_after.value_or(settings.idle_after);
  r.sources = request.sources.value_or(settings.sources);
  r.ssrc_filter = request.ssrc;
  r.armed_at = r.opened = at.now;
  r.opened_at = at.wall;
  r.shared = std::make_shared<mooring>();
  return r;
}

stream_record record_of(const stream_key& key, const ssrc_arrived& announcement, const stream_record& port,
                        const node_settings& settings, const moment& at) {
  stream_record r;
  r.request.key = key;
  r.request.mode = port.request.mode;
  r.request.only_track = port.request.only_track;
  // The configured port itself never idles out; its streams do as any other.
  if (!port.request.configured) r.request.idle_after = port.request.idle_after;
  r.local_request = r.local = port.local;
  r.idle_after = r.request.idle_after.value_or(settings.idle_after);
  r.sources = port.sources;
  r.ssrc_filter = announcement.ssrc;
  r.armed_at = r.opened = at.now;
  r.opened_at = at.wall;
  r.host = port.host;
  r.feed = announcement.feed;
  r.parent = announcement.port_key;
  r.shared = std::make_shared<mooring>();
  r.shared->receive_buffer = port.shared->receive_buffer;
  return r;
}

}  // namespace berth::actors
