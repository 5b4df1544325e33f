#include "api/routes/open_arguments.hpp"

#include <algorithm>

#include "api/core/settings.hpp"
#include "api/text/name.hpp"

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

std::optional<std::string> bad_name(const arguments& args) {
  for (const auto* field : {"vhost", "app", "stream", "stream_id", "recv_stream_id"})
    if (const auto name = args.text(field); !name.empty())
      if (const auto why = why_no_name(name)) return std::string{field} + ": " + *why;
  return std::nullopt;
}

actors::stream_key key_in(const arguments& args, const config& settings, std::string_view id) {
  return stream_key_of(args.text("vhost"), args.text("app"), args.text(id), settings);
}

actors::stream_key stream_key_of(std::string_view vhost, std::string_view app, std::string_view stream,
                                 const config& settings) {
  actors::stream_key key;
  if (!vhost.empty() && request_settings_of(settings).virtual_hosts) key.vhost = std::string{vhost};
  if (!app.empty()) key.app = app;
  key.stream = stream;
  return key;
}

net::duration source_timeout(const config& settings, std::int64_t wanted_seconds) {
  const auto most = request_settings_of(settings).source_timeout;
  return wanted_seconds == 0 ? most : std::min<net::duration>(most, std::chrono::seconds{wanted_seconds});
}

namespace {

using complaint = std::optional<std::string>;

// What both kinds of ports have.
complaint read_port(const arguments& args, actors::port_wish& to) {
  const auto port = args.port("port");
  if (!port) return port.error();
  to.port = *port;

  const auto mode = args.integer("tcp_mode", 0, 2, 0);
  if (!mode) return mode.error();
  to.mode = static_cast<actors::tcp_mode>(*mode);
  const auto enable_tcp = args.integer("enable_tcp", INT32_MIN, INT32_MAX, 0);
  if (!enable_tcp) return enable_tcp.error();
  if (*enable_tcp != 0 && to.mode == actors::tcp_mode::none) to.mode = actors::tcp_mode::passive;

  const auto track = args.integer("only_track", 0, 2, 0);
  if (!track) return track.error();
  to.only_track = static_cast<actors::track_filter>(*track);
  if (args.flag("only_audio")) to.only_track = actors::track_filter::audio;

  to.local_ip = args.text("local_ip");
  if (const auto text = args.text("source_policy"); !text.empty()) {
    to.sources = net::parse_source_policy(text);
    if (!to.sources) return not_one_of("source_policy", text, "learn, pin, follow, any");
  }
  return std::nullopt;
}

complaint read_own(const arguments& args, actors::rtp_port& to) {
  if (auto wrong = read_port(args, to)) return wrong;
  if (to.port == 65535) return "port: 65535 leaves no room for RTCP on the next port; 0..65534";
  const auto ssrc = args.ssrc("ssrc");
  if (!ssrc) return ssrc.error();
  to.ssrc = *ssrc;
  to.re_use_port = args.flag("re_use_port");
  return std::nullopt;
}

complaint read_shared(const arguments& args, actors::multiplex_port& to) {
  if (auto wrong = read_port(args, to)) return wrong;
  if (to.mode == actors::tcp_mode::active)
    return "tcp_mode: 2 is not possible for a shared port, which nobody connects from; 0 or 1";
  return std::nullopt;
}

complaint read_common(const arguments& args, actors::open_request& to) {
  if (args.has("timeout_sec")) {
    const auto seconds = args.integer("timeout_sec", 0, longest_timeout_sec, 0);
    if (!seconds) return seconds.error();
    to.idle_after = std::chrono::seconds{*seconds};
  }
  if (const auto text = args.text("on_conflict"); !text.empty()) {
    to.on_conflict = parse_conflict_policy(text);
    if (!to.on_conflict) return not_one_of("on_conflict", text, "error, reuse, replace");
  }
  return std::nullopt;
}

}  // namespace

net::result<actors::open_request, std::string> read_open_arguments(const arguments& args, bool multiplex) {
  actors::open_request r;
  complaint wrong;
  if (multiplex)
    wrong = read_shared(args, r.what.emplace<actors::multiplex_port>());
  else
    wrong = read_own(args, r.what.emplace<actors::rtp_port>());
  if (!wrong) wrong = read_common(args, r);
  if (wrong) return net::failure{std::move(*wrong)};
  return r;
}

}  // namespace berth::api
