#include "api/routes/open_arguments.hpp"

#include <algorithm>

namespace berth::api {
namespace {

constexpr std::int64_t longest_timeout_sec = 7 * 24 * 3600;

std::optional<actors::conflict_policy> parse_conflict_policy(std::string_view text) {
  if (text == "error") return actors::conflict_policy::error;
  if (text == "reuse") return actors::conflict_policy::reuse;
  if (text == "replace") return actors::conflict_policy::replace;
  return std::nullopt;
}

std::string not_one_of(std::string_view name, std::string_view value, std::string_view choices) {
  return std::string{name} + ": '" + std::string{value} + "' is not one of " + std::string{choices};
}

}  // namespace

std::optional<std::string> overlong_name(const arguments& args) {
  for (const auto* name : {"vhost", "app", "stream", "stream_id", "recv_stream_id"})
    if (const auto size = args.text(name).size(); size > longest_name)
      return std::string{name} + ": has " + std::to_string(size) + " bytes, more than " + std::to_string(longest_name);
  return std::nullopt;
}

actors::stream_key stream_key_of(std::string_view vhost, std::string_view app, std::string_view stream,
                                 const config& settings) {
  actors::stream_key key;
  if (!vhost.empty() && settings.get_bool("general.enableVhost")) key.vhost = vhost;
  if (!app.empty()) key.app = app;
  key.stream = stream;
  return key;
}

net::duration source_timeout(const config& settings, std::int64_t wanted_seconds) {
  const auto most = settings.get_milliseconds("pull.timeout_ms");
  return wanted_seconds == 0 ? most : std::min<net::duration>(most, std::chrono::seconds{wanted_seconds});
}

net::result<actors::open_request, std::string> read_open_arguments(const arguments& args, bool multiplex) {
  actors::open_request r;
  r.multiplex = multiplex;
  const auto port = args.port("port");
  if (!port) return net::failure{port.error()};
  if (*port == 65535 && !multiplex)
    return net::failure<std::string>{"port: 65535 leaves no room for RTCP on the next port; 0..65534"};
  r.port = *port;

  const auto mode = args.integer("tcp_mode", 0, 2, 0);
  if (!mode) return net::failure{mode.error()};
  r.mode = static_cast<actors::tcp_mode>(*mode);
  const auto enable_tcp = args.integer("enable_tcp", INT32_MIN, INT32_MAX, 0);
  if (!enable_tcp) return net::failure{enable_tcp.error()};
  if (*enable_tcp != 0 && r.mode == actors::tcp_mode::none) r.mode = actors::tcp_mode::passive;

  if (multiplex && r.mode == actors::tcp_mode::active)
    return net::failure<std::string>{
        "tcp_mode: 2 is not possible for a shared port, which nobody connects from; 0 or 1"};

  const auto track = args.integer("only_track", 0, 2, 0);
  if (!track) return net::failure{track.error()};
  r.only_track = static_cast<actors::track_filter>(*track);
  if (args.flag("only_audio")) r.only_track = actors::track_filter::audio;

  const auto ssrc = args.ssrc("ssrc");
  if (!ssrc) return net::failure{ssrc.error()};
  if (!multiplex) r.ssrc = *ssrc;

  r.local_ip = args.text("local_ip");
  r.re_use_port = args.flag("re_use_port");

  if (args.has("timeout_sec")) {
    const auto seconds = args.integer("timeout_sec", 0, longest_timeout_sec, 0);
    if (!seconds) return net::failure{seconds.error()};
    r.idle_after = std::chrono::seconds{*seconds};
  }
  if (const auto text = args.text("on_conflict"); !text.empty()) {
    r.on_conflict = parse_conflict_policy(text);
    if (!r.on_conflict) return net::failure{not_one_of("on_conflict", text, "error, reuse, replace")};
  }
  if (const auto text = args.text("source_policy"); !text.empty()) {
    r.sources = net::parse_source_policy(text);
    if (!r.sources) return net::failure{not_one_of("source_policy", text, "learn, pin, follow, any")};
  }
  return r;
}

}  // namespace berth::api
