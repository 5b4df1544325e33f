// Every way in which an operator could shut the door behind himself.
#include "api/config/reachability.hpp"

#include <map>

#include "tests/support/catch.hpp"
#include "tests/support/fake_sockets.hpp"

using namespace berth;
using namespace berth::api;

namespace {

config with(const std::map<std::string, std::string>& values) {
  config_layers layers;
  layers.command_line.entries.push_back({"rtp_proxy.port_range", "100-199", "test"});  // out of the way
  for (const auto& [key, text] : values) layers.command_line.entries.push_back({key, text, "test"});
  auto built = config::build(layers);
  REQUIRE(built);
  return *built;
}

std::string complaint(const std::map<std::string, std::string>& before, const std::map<std::string, std::string>& next,
                      const std::string& caller = "127.0.0.1") {
  net::posix_socket_factory sockets;
  std::string all;
  for (const auto& c : out_of_reach(with(before), with(next), *net::endpoint::parse(caller, 1), sockets))
    all += c.key + ": " + c.text + "\n";
  return all;
}

}  // namespace

TEST_CASE("reachability: who changes the list of addresses stays on it") {
  CHECK(complaint({}, {{"http.allow_ip_range", "10.0.0.0/8"}}) ==
        "http.allow_ip_range: would shut out 127.0.0.1, which asks for it\n");
  CHECK(complaint({}, {{"http.allow_ip_range", "10.0.0.0/8"}}, "10.1.2.3").empty());
  CHECK(complaint({}, {{"http.allow_ip_range", "::1"}}, "::ffff:127.0.0.1") ==
        "http.allow_ip_range: would shut out 127.0.0.1, which asks for it\n");
  CHECK(complaint({}, {{"http.allow_ip_range", ""}}, "203.0.113.9").empty());
}

TEST_CASE("reachability: an address and ports that the next start can have") {
  CHECK(complaint({}, {{"general.listen_ip", "192.0.2.1"}})
            .starts_with("general.listen_ip: the node could not start again: "));
  CHECK(complaint({}, {{"general.listen_ip", "127.0.0.1"}}).empty());
  net::posix_socket_factory sockets;
  const auto taken = sockets.listen_tcp(*net::endpoint::parse("127.0.0.1", 0));
  REQUIRE(taken);
  const auto port = std::to_string(net::local_endpoint(taken->get()).port());
  const std::map<std::string, std::string> here{{"general.listen_ip", "127.0.0.1"}};
  auto next = here;
  for (const auto* key : {"http.port", "rtsp.port"}) {
    next = here;
    next[key] = port;
    CHECK(complaint(here, next).starts_with(std::string{key} + ": the node could not start again: "));
  }
  // It is the node's own.
  CHECK(complaint({{"http.port", port}}, {{"http.port", port}}).empty());
}
