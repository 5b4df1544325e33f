// A daemon with something to watch over RTSP.
#pragma once

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/free_ports.hpp"
#include "tests/support/ps_camera.hpp"

namespace berth::tests {

/// A node that speaks RTSP, with one live stream, "cam".
struct rtsp_node {
  explicit rtsp_node(daemon_process::settings more = {})
      : port(free_port_range(1).first), n(with_port(port, std::move(more))), camera(n.port_of("cam")) {
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

  const std::uint16_t port;
  node n;
  ps_camera camera;
};

}  // namespace berth::tests
