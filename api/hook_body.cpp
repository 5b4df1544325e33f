#include "api/hook_body.hpp"

#include <boost/json.hpp>
#include <string_view>

#include "api/json.hpp"

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
  if (const auto refusals = actors::describe_refusals(s.counters); !refusals.empty()) text += "; " + refusals;
  if (!s.last_reason.empty()) text += "; last: " + s.last_reason;
  return text;
}

// The members up to `ssrc` are the peer's; `ssrc` is the filter as it is now, which the peer gives as it was opened.
void add_timeout(json::object& body, const actors::stream_status& s) {
  body["local_port"] = s.port();
  body["vhost"] = s.key.vhost;
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
  }
  body["mediaServerId"] = sources.media_server_id();
  body["hook_index"] = delivery.id;
  return to_text(body);
}

}  // namespace berth::api
