// One face built alone: it is given what it needs, and nothing else of a node.
#include "api/routes/server_routes.hpp"

#include "api/text/version.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/router_call.hpp"

using namespace berth;
using namespace berth::api;

namespace {

/// A node's face of itself, without actors behind it.
struct lone_face {
  lone_face() {
    settings->secret = "s";
    add_server_routes(routes, {.core = nobody,
                               .config = **config,
                               .sockets = sockets,
                               .disk = disk,
                               .restart = [this] { ++restarts; },
                               .paths = [this] { return routes.paths(); },
                               .reactor_loads =
                                   [] {
                                     return boost::json::array{{{"name", "reactor 0"}}};
                                   },
                               .worker_loads = [] { return boost::json::array{}; }});
  }
  boost::json::object call(const std::string& name) {
    const auto reply = tests::get_from(routes, "/index/api/" + name + "?secret=s", settings);
    REQUIRE(reply.status == 200);
    return boost::json::parse(reply.body).as_object();
  }

  caf::actor_system_config no_settings;
  caf::actor_system system{no_settings};
  const core_client nobody{system, {}, {}, {}};
  std::shared_ptr<http_settings> settings = std::make_shared<http_settings>();
  net::result<std::unique_ptr<config_store>, config_errors> config = config_store::open({});
  net::posix_socket_factory sockets;
  boost::asio::thread_pool disk{1};
  router routes;
  int restarts = 0;
};

}  // namespace

TEST_CASE("server_routes: what needs no actor is answered without one") {
  lone_face f;
  CHECK(f.call("version").at("data").at("commitHash").as_string() == version_text());
  CHECK(f.call("getApiList").at("data").as_array().size() == f.routes.paths().size());
  CHECK(f.call("getThreadsLoad").at("data").at(0).at("name").as_string() == "reactor 0");
  CHECK_FALSE(f.call("getServerConfig").at("data").at(0).as_object().empty());
  CHECK(f.restarts == 0);
  CHECK(f.call("restartServer").at("code").as_int64() == 0);
  CHECK(f.restarts == 1);
}
