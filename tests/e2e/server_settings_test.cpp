// ZLMediaKit's face of the node itself: its settings, its figures, its restart; and what it refuses to start with.
#include <signal.h>

#include <set>

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"

using namespace berth::tests;

TEST_CASE("getServerConfig: an array with one flat object of strings") {
  node n{{{"rtp_proxy.timeoutSec", "17"}}};
  const auto answer = n.call("getServerConfig");
  const auto& data = answer.at("data").as_array();
  REQUIRE(data.size() == 1);
  const auto& all = data[0].as_object();
  for (const auto& [key, value] : all) {
    INFO(key);
    CHECK(key.find('.') != std::string::npos);
    CHECK(value.is_string());
  }
  CHECK(text(all, "rtp_proxy.timeoutSec") == "17");
  CHECK(text(all, "rtp_proxy.port_range") == n.daemon.ports().text());
  CHECK_FALSE(text(all, "general.mediaServerId").empty());
  CHECK_FALSE(text(all, "hook.alive_interval").empty());
}

TEST_CASE("setServerConfig: a new port range holds for later opens, and leaves open streams alone") {
  node n;
  const auto before = n.port_of("before");
  const reserved_ports elsewhere{8};
  const auto set = n.call("setServerConfig", {{"rtp_proxy.port_range", elsewhere.text()}});
  CHECK(number(set, "code") == 0);
  CHECK(number(set, "changed") == 1);
  const auto after = n.port_of("after");
  CHECK(after >= elsewhere.first());
  CHECK(after < elsewhere.last());
  CHECK(number(*n.item("before"), "port") == before);
  rtp_sender camera;
  camera.send(before);
  CHECK(n.reaches("before", "packets", 1));
  CHECK(text(n.v1.ports(), "range") == elsewhere.text());
}

TEST_CASE("setServerConfig: unchanged and unknown keys count for nothing, a bad value changes nothing and is -300") {
  node n{{{"rtp_proxy.timeoutSec", "17"}}};
  CHECK(number(n.call("setServerConfig", {{"rtp_proxy.timeoutSec", "17"}}), "changed") == 0);
  const auto unknown = n.call("setServerConfig", {{"no.such_key", "1"}});
  CHECK(number(unknown, "code") == 0);
  CHECK(number(unknown, "changed") == 0);
  const auto bad = n.call("setServerConfig", {{"rtp_proxy.stall_ms", "2000"}, {"rtp_proxy.timeoutSec", "never"}});
  CHECK(number(bad, "code") == -300);
  CHECK(text(bad, "msg").find("rtp_proxy.timeoutSec") != std::string::npos);
  const auto config = n.call("getServerConfig").at("data").as_array()[0].as_object();
  CHECK(text(config, "rtp_proxy.timeoutSec") == "17");
  CHECK(text(config, "rtp_proxy.stall_ms") == "3000");
}

TEST_CASE("setServerConfig: what was set is there after a restart, and after a kill -9 right behind the answer") {
  node n;
  const auto timeout_after = [&] {
    n.peer = peer_face{n.daemon.http_port(), n.daemon.secret()};
    return text(n.call("getServerConfig").at("data").as_array()[0].as_object(), "rtp_proxy.timeoutSec");
  };
  REQUIRE(number(n.call("setServerConfig", {{"rtp_proxy.timeoutSec", "21"}}), "changed") == 1);
  CHECK(n.daemon.stop().status == 0);
  n.daemon.start();
  CHECK(timeout_after() == "21");
  REQUIRE(number(n.call("setServerConfig", {{"rtp_proxy.timeoutSec", "22"}}), "changed") == 1);
  CHECK(n.daemon.kill().status == -SIGKILL);
  n.daemon.start();
  CHECK(timeout_after() == "22");
}

TEST_CASE("getApiList, version, getStatistic, getThreadsLoad, getWorkThreadsLoad answer in the peer's shapes") {
  node n;
  std::set<std::string> paths;
  const auto api = n.call("getApiList");
  for (const auto& p : api.at("data").as_array()) paths.emplace(p.as_string());
  for (const auto* name : {"openRtpServer", "closeRtpServer", "getRtpInfo", "listRtpServer", "setServerConfig"})
    CHECK(paths.count("/index/api/" + std::string{name}) == 1);

  const auto version = n.call("version").at("data").as_object();
  for (const auto* name : {"buildTime", "branchName", "commitHash"}) CHECK(version.at(name).is_string());

  const auto port = n.port_of("cam");
  rtp_sender camera;
  camera.send(port);
  REQUIRE(n.reaches("cam", "packets", 1));
  const auto statistic = n.call("getStatistic").at("data").as_object();
  for (const auto* name : {"MediaSource", "MultiMediaSourceMuxer", "TcpServer", "TcpSession", "UdpServer", "UdpSession",
                           "TcpClient", "Socket", "FrameImp", "Frame", "Buffer", "BufferRaw", "BufferLikeString",
                           "BufferList", "RtpPacket", "RtmpPacket"})
    CHECK(number(statistic, name) >= 0);
  CHECK(number(statistic, "MediaSource") == 1);
  CHECK(number(statistic, "UdpServer") == 2);

  for (const auto* name : {"getThreadsLoad", "getWorkThreadsLoad"}) {
    const auto answer = n.call(name);
    const auto& loads = answer.at("data").as_array();
    REQUIRE_FALSE(loads.empty());
    for (const auto& l : loads) {
      const auto& o = l.as_object();
      CHECK(number(o, "load") >= 0);
      CHECK(number(o, "load") <= 100);
      CHECK(number(o, "delay") >= 0);
      CHECK(number(o, "fd_count") >= 0);
      CHECK_FALSE(text(o, "name").empty());
    }
  }
}

TEST_CASE("restartServer: the answer comes first, then the same process starts anew without its streams") {
  node n;
  const auto port = n.port_of("cam");
  const auto pid = n.daemon.pid();
  CHECK(n.code("restartServer") == 0);
  n.daemon.await_restart();
  CHECK(n.daemon.running());
  CHECK(n.daemon.pid() == pid);
  n.peer = peer_face{n.daemon.http_port(), n.daemon.secret()};
  CHECK(n.call("listRtpServer").at("data").as_array().empty());
  CHECK_FALSE(udp_port_bound(port));
  CHECK(n.port_of("cam") != 0);
}

TEST_CASE("berthd refuses a bad configuration with exit code 2 and names every bad key") {
  try {
    daemon_process wrong{{{"rtp_proxy.timeoutSec", "never"}, {"rtp_proxy.stall_ms", "0"}}};
    FAIL("it started");
  } catch (const std::runtime_error& e) {
    const std::string said = e.what();
    CHECK(said.find("ended at its start with 2") != std::string::npos);
    CHECK(said.find("rtp_proxy.timeoutSec") != std::string::npos);
    CHECK(said.find("rtp_proxy.stall_ms") != std::string::npos);
  }
}
