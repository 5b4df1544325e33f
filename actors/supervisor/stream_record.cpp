#include "actors/supervisor/stream_record.hpp"

namespace berth::actors {
namespace {

// Who sends something himself is never somebody else.
bool same(const net::source_options_ptr& a, const net::source_options_ptr& b) {
  return a && b && !a->pushed ? *a == *b : a == b;
}

// Filled from what the request says of itself.
struct opened_as {
  stream_status& s;

  void operator()(const rtp_port& p) const {
    of_port(p);
    s.re_use_port = p.re_use_port;
    s.ssrc_filter = p.ssrc;
  }
  void operator()(const multiplex_port& p) const {
    of_port(p);
    s.multiplex = true;
    s.configured = p.configured;
  }
  void operator()(const sourced& from) const {
    const auto& source = *from.source;
    s.origin = source.file ? stream_origin::file : source.pushed ? stream_origin::push : stream_origin::pull;
    s.source_url = net::without_password(source.url);
    s.params = from.params;
    s.peer = from.publisher;
  }
  void of_port(const port_wish& p) const {
    s.mode = p.mode;
    s.only_track = p.only_track;
  }
};

}  // namespace

caf::actor_id stream_record::quarters::id() const {
  return std::visit([](const auto& a) { return a.id(); }, actor);
}

void stream_record::quarters::close(close_command command) const {
  std::visit([&](const auto& a) { caf::anon_send<caf::message_priority::high>(a, command); }, actor);
}

void stream_record::quarters::grant(publish_options options) const {
  if (const auto* one = std::get_if<stream_actor>(&actor))
    caf::anon_send(*one, publish_grant{std::move(options)});
  else if (const auto* sourced = std::get_if<sourced_stream_actor>(&actor))
    caf::anon_send(*sourced, publish_grant{std::move(options)});
}

std::uint32_t stream_record::ssrc_filter() const noexcept {
  const auto* one = std::get_if<rtp_port>(&opened.request.what);
  return one == nullptr ? 0 : one->ssrc;
}

void stream_record::set_ssrc_filter(std::uint32_t ssrc) {
  if (auto* one = std::get_if<rtp_port>(&opened.request.what)) one->ssrc = ssrc;
}

stream_key stream_record::public_key(const stream_key& key) const {
  const auto& given = published.options().stream_replace;
  return given.empty() ? key : stream_key{key.vhost, key.app, given};
}

bool stream_record::holds_port_of(const open_request& wanted) const {
  const auto* ports = wanted.ports();
  if (opened.parent || request().ports() == nullptr || ports == nullptr || ports->port == 0) return false;
  const auto last = [](std::uint16_t port, const open_request& r) { return port + (r.with_rtcp() ? 1 : 0); };
  const auto own = opened.local.port();
  return ports->port <= last(own, request()) && own <= last(ports->port, wanted);
}

bool stream_record::same_parameters(const stream_record& other, const node_settings& settings) const {
  const auto& a = request();
  const auto& b = other.request();
  if (a.what.index() != b.what.index()) return false;
  if (a.idle_after.value_or(settings.idle_after) != b.idle_after.value_or(settings.idle_after)) return false;
  if (const auto* from = a.source()) return same(from->source, b.source()->source);
  const auto& mine = *a.ports();
  const auto& theirs = *b.ports();
  return (theirs.port == 0 ? mine.port == 0 : opened.local.port() == theirs.port) && mine.mode == theirs.mode &&
         mine.only_track == theirs.only_track && ssrc_filter() == other.ssrc_filter() &&
         mine.sources == theirs.sources && opened.wanted.same_address(other.opened.wanted);
}

liveness stream_record::facts() const {
  return {lives.armed_at, mooring::time(berth.shared->last_packet), mooring::time(berth.shared->last_datagram),
          lives.paused_until};
}

life_limits stream_record::limits(const node_settings& settings) const {
  const auto idle_after = request().idle_after.value_or(settings.idle_after);
  return {settings.stall_after,
          lives.state == stream_state::listening ? request().first_packet_wait.value_or(idle_after) : idle_after};
}

stream_status stream_record::status(const stream_key& key, net::time_point now, const node_settings& settings) const {
  stream_status s;
  s.key = key;
  s.generation = generation;
  s.state = lives.state;
  std::visit(opened_as{s}, request().what);
  if (const auto* one = std::get_if<rtp_port>(&request().what)) s.sources = one->sources.value_or(settings.sources);
  s.idle_after = request().idle_after.value_or(settings.idle_after);
  s.opened_at = opened.at;
  s.local = opened.local;
  s.parent_port = opened.parent ? opened.local.port() : std::uint16_t{0};
  const auto from = berth.shared->from.load();
  if (!s.peer.is_set()) s.peer = from.source;
  s.ssrc = from.ssrc;
  s.payload_type = from.payload_type;
  s.over_tcp = from.over_tcp;
  s.receive_buffer = berth.shared->receive_buffer;
  s.age = now - opened.since;
  const auto seen = facts();
  if (seen.last_packet) s.since_last_packet = now - *seen.last_packet;
  if (seen.last_datagram) s.since_last_datagram = now - *seen.last_datagram;
  s.paused = lives.paused_until && *lives.paused_until > now;
  s.counters = net::counter_values{berth.shared->counters};
  s.refused = berth.shared->refused.load();
  s.public_name = published.options().stream_replace;
  if (published.media()) s.media = status_of(*published.media());
  s.publish = published.options();
  if (const auto& registered = published.registered()) {
    s.registered_at = opened.at + std::chrono::duration_cast<net::wall_clock::duration>(*registered - opened.since);
    s.watchable = now - *registered;
  }
  s.reason = lives.reason;
  s.last_reason = berth.shared->last_reason.load().str();
  if (s.last_reason.empty() || s.counters.accepted == 0) {
    if (auto refusals = describe_refusals(s); !refusals.empty()) s.last_reason = std::move(refusals);
  }
  if (!published.refusal().empty()) s.last_reason = published.refusal();
  return s;
}

net::port_request ports_for(const open_request& request, const net::endpoint& local) {
  return {local, request.with_rtcp(), request.ports()->mode == tcp_mode::passive};
}

net::result<stream_record, rejection> record_of(const open_request& request, const node_settings& settings,
                                                const moment& at) {
  const auto* ports = request.ports();
  const auto& ip = ports == nullptr || ports->local_ip.empty() ? settings.listen_ip : ports->local_ip;
  const auto port = ports == nullptr ? std::uint16_t{0} : ports->port;
  const auto local = net::endpoint::parse(ip, port);
  if (!local) return reject(errc::bad_address, "'" + ip + "' is not a numeric address");
  if (port == 65535 && request.with_rtcp())
    return reject(errc::no_port, "port 65535 leaves no room for RTCP on the next one");
  stream_record r;
  r.opened.request = request;
  if (auto* kept = r.opened.request.ports(); kept != nullptr && !kept->sources) kept->sources = settings.sources;
  r.opened.wanted = r.opened.local = *local;
  r.lives.armed_at = r.opened.since = at.now;
  r.opened.at = at.wall;
  return r;
}

stream_record record_of(const stream_key& key, const ssrc_arrived& announcement, const stream_record& port,
                        const moment& at) {
  const auto& of_port = std::get<multiplex_port>(port.request().what);
  rtp_port own;
  own.mode = of_port.mode;
  own.only_track = of_port.only_track;
  own.sources = of_port.sources;
  own.ssrc = announcement.ssrc;
  own.rtcp = false;
  stream_record r;
  r.opened.request.key = key;
  r.opened.request.what = std::move(own);
  // The configured port itself never idles out; its streams do as any other.
  if (!of_port.configured) r.opened.request.idle_after = port.request().idle_after;
  r.opened.wanted = r.opened.local = port.opened.local;
  r.opened.parent = announcement.port_key;
  r.lives.armed_at = r.opened.since = at.now;
  r.opened.at = at.wall;
  r.berth.host = port.berth.host;
  r.berth.feed = announcement.feed;
  r.berth.shared->receive_buffer = port.berth.shared->receive_buffer;
  return r;
}

}  // namespace berth::actors
