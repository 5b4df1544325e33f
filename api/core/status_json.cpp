#include "api/core/status_json.hpp"

#include <array>
#include <chrono>

#include "api/core/media_json.hpp"

namespace berth::api {
namespace {

boost::json::value optional_ms(const std::optional<net::duration>& d) {
  return d ? boost::json::value(net::to_ms(*d)) : boost::json::value(nullptr);
}

std::string text_of(const net::endpoint& e) { return e.is_set() ? e.to_string() : std::string{}; }

}  // namespace

void add_state(boost::json::object& to, const actors::stream_status& s) {
  to.reserve(to.size() + 3);
  to["state"] = actors::to_string(s.state);
  to["port"] = s.port();
  to["generation"] = s.generation;
}

void add_counters(boost::json::object& to, const actors::stream_status& s) {
  to.reserve(to.size() + 40);
  add_state(to, s);
  const auto& c = s.counters;
  to["peer"] = text_of(s.peer);
  to["transport"] = s.peer.is_set() ? (s.over_tcp ? "tcp" : "udp") : "";
  to["ssrc_seen"] = s.ssrc;
  to["payload_type"] = s.payload_type;
  for (const auto& f : net::stream_figures<std::uint64_t>) to[f.name] = c.*f.value;
  boost::json::object refused(to.storage());
  for (std::size_t i = 0; i < c.refused.size(); ++i)
    refused[net::to_string(static_cast<net::refusal>(i))] = c.refused[i];
  to["refused"] = std::move(refused);
  to["age_ms"] = net::to_ms(s.age);
  to["silent_ms"] = optional_ms(s.since_last_packet);
  to["last_datagram_ms"] = optional_ms(s.since_last_datagram);
  to["paused"] = s.paused;
  to["last_reason"] = s.last_reason;
}

boost::json::object stream_json(const actors::stream_status& s) {
  boost::json::object o{{"vhost", s.key.vhost.str()},
                        {"app", s.key.app},
                        {"stream_id", s.key.stream},
                        {"tcp_mode", static_cast<int>(s.mode)},
                        {"only_track", static_cast<int>(s.only_track)},
                        {"ssrc", s.ssrc_filter},
                        {"multiplex", s.multiplex},
                        {"local_ip", s.local.address_string()},
                        {"idle_timeout_sec", std::chrono::duration<double>(s.idle_after).count()},
                        {"receive_buffer", s.receive_buffer}};
  o["media"] = media_json(s);
  add_origin(o, s);
  if (s.parent_port != 0) o["fed_by_port"] = s.parent_port;
  add_counters(o, s);
  if (s.reason != actors::close_reason::none) o["close_reason"] = actors::to_string(s.reason);
  return o;
}

boost::json::object sender_json(const actors::sender_status& s) {
  boost::json::object o{{"ssrc", s.request.ssrc_text},
                        {"stream", to_string(s.source)},
                        {"way", to_string(s.request.way)},
                        {"packing", net::to_string(s.request.packing)},
                        {"payload_type", s.request.payload_type},
                        {"local_port", s.local_port},
                        {"peer", text_of(s.remote)},
                        {"age_ms", net::to_ms(s.age)},
                        {"packets", s.packets},
                        {"bytes", s.bytes},
                        {"skipped_frames", s.skipped},
                        {"unsent_packets", s.unsent}};
  if (s.end == actors::send_end::none) return o;
  o["end"] = to_string(s.end);
  o["end_text"] = s.end_text;
  return o;
}

boost::json::object event_json(const actors::event& e) {
  const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(e.at.time_since_epoch());
  boost::json::object o{{"id", e.id}, {"kind", to_string(e.kind)}, {"at_ms", at.count()}};
  if (e.stream) o["stream"] = stream_json(*e.stream);
  if (e.who)
    o["viewer"] = boost::json::object{{"id", e.who->id},
                                      {"stream", to_string(e.who->key)},
                                      {"protocol", e.who->protocol},
                                      {"peer", text_of(e.who->peer)}};
  if (e.sender) o["sender"] = sender_json(*e.sender);
  if (e.file)
    o["file"] = boost::json::object{{"path", e.file->path}, {"bytes", e.file->bytes}, {"error", e.file->error}};
  if (e.alarm)
    o["alarm"] = boost::json::object{
        {"name", e.alarm->name}, {"text", e.alarm->text}, {"value", e.alarm->value}, {"threshold", e.alarm->threshold}};
  return o;
}

boost::json::object ports_json(const actors::ports_report& report) {
  const auto& f = report.figures;
  boost::json::object failures;
  for (std::size_t i = 1; i < f.failures.size(); ++i)
    failures[net::to_string(static_cast<net::errc>(i))] = f.failures[i];
  boost::json::array resting;
  for (const auto& r : report.resting)
    resting.push_back(boost::json::object{{"port", r.port},
                                          {"former_stream", r.past.stream},
                                          {"sender", text_of(r.sender.from)},
                                          {"ssrc", r.sender.ssrc ? boost::json::value(*r.sender.ssrc) : nullptr},
                                          {"datagrams", r.datagrams},
                                          {"resting_ms", net::to_ms(report.now - r.since)},
                                          {"silent_ms", net::to_ms(report.now - r.last_heard)}});
  boost::json::object o{{"range", std::to_string(f.range.first) + "-" + std::to_string(f.range.last)}};
  for (const auto& row : net::pair_figures)
    if (row.value != &net::allocator_figures::resting) o[row.name] = f.*row.value;
  for (const auto& row : net::allocation_figures) o[row.name] = f.*row.value;
  o["bind_failures"] = std::move(failures);
  o["resting"] = std::move(resting);
  return o;
}

}  // namespace berth::api
