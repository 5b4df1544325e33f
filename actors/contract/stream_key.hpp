// The name of a stream and the identity of one of its lives.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace berth::actors {

/// Names a stream: virtual host, application, stream id. The parts may hold any text, slashes included, so they are
/// kept apart and never joined for comparing.
struct stream_key {
  std::string vhost = "__defaultVhost__";
  std::string app = "rtp";
  std::string stream;

  auto operator<=>(const stream_key&) const = default;
};

/// For logs and events: "vhost/app/stream".
inline std::string to_string(const stream_key& key) { return key.vhost + "/" + key.app + "/" + key.stream; }

/// Of the shared port of the configuration, rtp_proxy.port: no client opens, closes or displaces it.
inline stream_key configured_key() { return {"__defaultVhost__", "rtp", "rtp_proxy.port"}; }

/// Counts every opening of any stream; never used twice while the daemon runs. Whoever holds a key and an old
/// generation talks about a predecessor and is not heard.
using generation_t = std::uint64_t;

}  // namespace berth::actors

template <>
struct std::hash<berth::actors::stream_key> {
  std::size_t operator()(const berth::actors::stream_key& key) const noexcept {
    const std::hash<std::string> h;
    return h(key.stream) ^ (h(key.app) * 31) ^ (h(key.vhost) * 131);
  }
};
