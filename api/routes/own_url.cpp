#include "api/routes/own_url.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <string>

#include "api/routes/open_arguments.hpp"
#include "api/text/text.hpp"
#include "api/text/url.hpp"
#include "api/viewers/viewer_path.hpp"

namespace berth::api {
namespace {

struct known_scheme {
  std::string_view name, key;
  std::int64_t by_custom;
};
constexpr std::array<known_scheme, 8> schemes{{{"http", "http.port", 80},
                                               {"ws", "http.port", 80},
                                               {"https", "http.sslport", 443},
                                               {"wss", "http.sslport", 443},
                                               {"rtsp", "rtsp.port", 554},
                                               {"rtsps", "rtsp.sslport", 322},
                                               {"rtmp", "rtmp.port", 1935},
                                               {"rtmps", "rtmp.sslport", 443}}};

bool is_own_port(const url_parts& url, const http_request& request, const config& settings) {
  for (const auto& s : schemes) {
    if (!equal_ignoring_case(url.scheme, s.name)) continue;
    auto port = s.by_custom;
    std::from_chars(url.port.data(), url.port.data() + url.port.size(), port);
    const auto configured = settings.get_int(s.key);
    // Port 0 of HTTP is any: the request knows which one.
    return port == (configured != 0 || s.key != "http.port" ? configured : request.local.port());
  }
  return false;
}

/// RFC 9110 7.2, without the port.
std::string_view host_of(const http_request& request) {
  auto host = request.header("Host");
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

bool is_own_host(std::string_view host, const http_request& request) {
  const bool is_v4_loopback = host.starts_with("127.") && net::endpoint::parse(host, 0);
  if (equal_ignoring_case(host, "localhost") || host == "::1" || is_v4_loopback) return true;
  if (equal_ignoring_case(host, host_of(request))) return true;
  return request.local.is_set() && host == request.local.address_string();
}

}  // namespace

std::optional<actors::stream_key> own_stream_of(std::string_view url, const http_request& request,
                                                const config& settings) {
  const auto written = encode_blanks(url);
  const auto parts = split_url(written);
  if (!parts || parts->path.empty() || !is_own_host(parts->host, request) || !is_own_port(*parts, request, settings))
    return std::nullopt;
  const auto decoded = percent_decode(parts->path.substr(1));
  const auto watched = parse_viewer_path("/" + decoded);
  if (watched && (watched->what == viewer_path::kind::live || watched->what == viewer_path::kind::playlist))
    return stream_key_of("", watched->app, watched->stream, settings);
  const std::string_view path{decoded};
  const auto slash = path.find('/');
  if (slash == path.npos || slash == 0 || slash + 1 == path.size()) return std::nullopt;
  return stream_key_of("", path.substr(0, slash), path.substr(slash + 1), settings);
}

}  // namespace berth::api
