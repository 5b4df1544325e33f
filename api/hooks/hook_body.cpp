#include "api/hooks/hook_body.hpp"

#include <boost/json.hpp>
#include <string_view>

#include "api/core/media_json.hpp"
#include "api/http/json.hpp"

namespace berth::api {
namespace {

namespace json = boost::json;

std::string_view in_words(actors::close_reason reason) {
  switch (reason) {
    case actors::close_reason::never_fed:
      return "nothing was received";
    case actors::close_reason::nothing_acceptable:
      return "datagrams were received, but none was acceptable";
    case actors::close_reason::went_silent:
      return "RTP was received, then it stopped";
    default:
      return actors::to_string(reason);
  }
}

std::string reason_text(const actors::stream_status& s) {
  std::string text{in_words(s.reason)};
  const auto refusals = actors::describe_refusals(s);
  if (!refusals.empty()) text += "; " + refusals;
  if (!s.last_reason.empty() && s.last_reason != refusals) text += "; last: " + s.last_reason;
  return text;
}

// The members up to `ssrc` are ZLMediaKit's; `ssrc` is the filter as it is now, which the peer gives as it was opened.
void add_timeout(json::object& body, const actors::stream_status& s) {
  body["local_port"] = s.port();
  body["vhost"] = s.key.vhost.str();
  body["app"] = s.key.app;
  body["stream_id"] = s.key.stream;
  body["tcp_mode"] = static_cast<unsigned>(s.mode);
  body["re_use_port"] = s.re_use_port;
  body["ssrc"] = s.ssrc_filter;
  body["reason"] = actors::to_string(s.reason);
  body["reason_text"] = reason_text(s);
  body["generation"] = s.generation;
  body["packets"] = s.counters.accepted;
  body["bytes"] = s.counters.accepted_bytes;
}

void add_name(json::object& body, const actors::stream_key& key) {
  body["vhost"] = key.vhost.str();
  body["app"] = key.app;
  body["stream"] = key.stream;
}

// Asked before anything is parsed, with the name that the stream was opened with.
void add_publish(json::object& body, const actors::stream_status& s) {
  // Apart: an insertion moves the members that are there.
  const auto* const protocol = s.origin == actors::stream_origin::push ? "rtc" : "rtp";
  body["schema"] = protocol;
  body["protocol"] = protocol;
  add_name(body, s.key);
  body["params"] = s.params;
  body["ip"] = s.peer.address_string();
  body["port"] = s.peer.port();
  body["id"] = s.key.stream;
  body["originType"] = s.origin == actors::stream_origin::push ? 8 : 3;
  body["originTypeStr"] = s.origin == actors::stream_origin::push ? "rtc_push" : "rtp_push";
  body["ssrc"] = s.ssrc;
  // One that pushes is asked for before there is a life.
  if (s.generation != 0) body["generation"] = s.generation;
}

void add_viewer(json::object& body, const actors::viewer& who) {
  body["schema"] = net::to_string(who.as);
  body["protocol"] = who.protocol;
  add_name(body, who.key);
  body["params"] = who.params;
  body["ip"] = who.peer.address_string();
  body["port"] = who.peer.port();
  body["id"] = who.id;
}

void add_changed(json::object& body, const actors::event& e, net::schema as) {
  const bool registered = e.kind == actors::event_kind::media_registered;
  if (registered) {
    body = media_item(*e.stream, as, e.stream->publish.enable_mp4);
  } else {
    body["schema"] = net::to_string(as);
    add_name(body, e.stream->public_key());
    body["params"] = "";
  }
  body["regist"] = registered;
  body["generation"] = e.stream->generation;
}

void add_unwatched(json::object& body, const actors::stream_status& s) {
  body["schema"] = net::to_string(net::schema::rtmp);
  add_name(body, s.public_key());
  body["params"] = "";
}

void add_flow(json::object& body, const actors::event& e) {
  const auto in_seconds = [](net::duration d) { return std::chrono::duration_cast<std::chrono::seconds>(d).count(); };
  if (e.who) {
    add_viewer(body, *e.who);
    body["totalBytes"] = e.taken->bytes;
    body["duration"] = in_seconds(e.taken->time);
  } else {
    add_publish(body, *e.stream);
    body["protocol"] = e.stream->over_tcp ? "tcp" : "udp";
    body["stream"] = e.stream->public_key().stream;
    body["totalBytes"] = e.stream->counters.accepted_bytes;
    body["duration"] = in_seconds(e.stream->age);
  }
  body["player"] = e.who != nullptr;
}

void add_recording(json::object& body, const actors::event& e) {
  const auto& f = *e.file;
  add_name(body, e.stream->public_key());
  body["params"] = "";
  body["start_time"] = std::chrono::duration_cast<std::chrono::seconds>(f.begun.time_since_epoch()).count();
  body["time_len"] = std::chrono::duration<double>(f.length).count();
  body["file_size"] = f.bytes;
  body["file_path"] = f.path;
  body["file_name"] = f.path.substr(f.path.rfind('/') + 1);
  body["folder"] = f.folder;
  body["url"] = f.url;
  if (!f.error.empty()) body["error"] = f.error;
}

// ZLMediaKit's numbers for what ends a socket.
int code_of(actors::send_end end) {
  switch (end) {
    case actors::send_end::source_ended:
      return 1;
    case actors::send_end::timed_out:
      return 2;
    case actors::send_end::refused:
      return 3;
    case actors::send_end::reset:
      return 4;
    default:
      return 255;
  }
}

void add_sender(json::object& body, const actors::event& e) {
  const auto& s = *e.sender;
  add_name(body, s.source);
  body["params"] = "";
  body["ssrc"] = s.request.ssrc_text;
  add_origin(body, *e.stream);
  body["err"] = code_of(s.end);
  body["msg"] = s.end_text;
  body["packets"] = s.packets;
  body["bytes"] = s.bytes;
}

void add_alarm(json::object& body, const actors::event& e) {
  body["name"] = e.alarm->name;
  body["raised"] = e.kind == actors::event_kind::alarm_raised;
  body["text"] = e.alarm->text;
  body["value"] = e.alarm->value;
  body["threshold"] = e.alarm->threshold;
}

}  // namespace

std::string hook_body(const actors::hook_delivery& delivery, const hook_body_sources& sources) {
  json::object body;
  switch (delivery.name) {
    case actors::hook_name::rtp_server_timeout:
      add_timeout(body, *delivery.event->stream);
      break;
    case actors::hook_name::alarm:
      add_alarm(body, *delivery.event);
      break;
    case actors::hook_name::server_started:
      for (const auto& [key, value] : sources.configuration())
        if (key != "api.secret" && key != "hook.secret") body[key] = value;
      break;
    case actors::hook_name::server_keepalive:
      body["data"] = sources.statistic();
      break;
    case actors::hook_name::server_exited:
      break;
    case actors::hook_name::publish:
      add_publish(body, std::get<actors::stream_status>(delivery.question->about));
      break;
    case actors::hook_name::play:
    case actors::hook_name::stream_not_found:
      add_viewer(body, std::get<actors::viewer>(delivery.question->about));
      break;
    case actors::hook_name::stream_changed:
      add_changed(body, *delivery.event, *delivery.schema);
      break;
    case actors::hook_name::stream_none_reader:
      add_unwatched(body, std::get<actors::stream_status>(delivery.question->about));
      break;
    case actors::hook_name::flow_report:
      add_flow(body, *delivery.event);
      break;
    case actors::hook_name::record_mp4:
      add_recording(body, *delivery.event);
      break;
    case actors::hook_name::send_rtp_stopped:
      add_sender(body, *delivery.event);
      break;
  }
  body["mediaServerId"] = sources.media_server_id();
  body["hook_index"] = delivery.id;
  return to_text(body);
}

}  // namespace berth::api
