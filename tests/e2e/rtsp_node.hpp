// A daemon with something to watch over RTSP.
#pragma once

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/ps_camera.hpp"
#include "tests/support/reserved_ports.hpp"

namespace berth::tests {

/// A node that speaks RTSP, with one live stream, "cam".
struct rtsp_node {
  explicit rtsp_node(daemon_process::settings more = {})
      : n(with_port(port, std::move(more))), camera(n.port_of("cam")) {
    REQUIRE(eventually(soon, [&] { return flag(n.call("isMediaOnline", key("cam")), "online"); }));
  }
  static daemon_process::settings with_port(std::uint16_t port, daemon_process::settings more) {
    more.emplace_back("rtsp.port", std::to_string(port));
    return more;
  }
  static text_pairs key(const std::string& id) {
    return {{"schema", "rtsp"}, {"vhost", "__defaultVhost__"}, {"app", "rtp"}, {"stream", id}};
  }
  std::string url(const std::string& path) const { return "rtsp://127.0.0.1:" + std::to_string(port) + path; }
  std::int64_t readers() { return number(n.call("getMediaInfo", key("cam")), "totalReaderCount"); }

  const reserved_ports own{1};
  const std::uint16_t port = own.first();
  node n;
  ps_camera camera;
};

}  // namespace berth::tests
