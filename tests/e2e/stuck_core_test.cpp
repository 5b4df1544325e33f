// The core does not go on: what its clients hear meanwhile, and after.
#include <future>
#include <optional>

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/stopped_thread.hpp"

using namespace berth::tests;

TEST_CASE("a core that stops: health says so, every call is answered meanwhile, and all is well after") {
  node n;
  const auto port = n.port_of("cam");
  REQUIRE(n.v1.stream("cam").contains("port"));
  http_client idle{n.daemon.http_port()};
  REQUIRE(idle.get("/v1/health/live").status == 200);

  for (int round = 0; round < 2; ++round) {
    std::optional<stopped_thread> core{std::in_place, n.daemon.pid(), "api"};
    // On connections that the core's own thread serves, and on new ones.
    auto of_v1 = std::async(std::launch::async, [&] { return n.v1.get("/v1/streams/cam"); });
    auto of_peer = std::async(std::launch::async, [&] { return n.peer.client().get("/index/api/getRtpInfo"); });
    CHECK(eventually(20s, [&] { return http_client{n.daemon.http_port()}.get("/v1/health/live").status == 503; }));
    peer_face fresh{n.daemon.http_port(), n.daemon.secret()};
    const auto opened = fresh.call("openRtpServer", {{"stream_id", "late"}, {"port", "0"}});
    CHECK(number(opened, "code") == -400);
    CHECK(contains(text(opened, "msg"), "did not answer in time"));
    CHECK(of_v1.get().status == 503);
    const auto of_peer_said = of_peer.get();
    CHECK(of_peer_said.status == 503);
    CHECK(contains(of_peer_said.body, "did not answer in time"));
    CHECK_FALSE(idle.closed_by_server());

    core.reset();
    CHECK(eventually(20s, [&] { return http_client{n.daemon.http_port()}.get("/v1/health/live").status == 200; }));
    CHECK(number(n.info("cam"), "local_port") == port);
    CHECK(idle.get("/v1/health/live").status == 200);
    CHECK(idle.connections() == 1);
    // What was asked is done when the core can, though nobody waits for it any more.
    CHECK(eventually(20s, [&] { return n.close("late") == 1; }));
  }
  CHECK(contains(n.daemon.errors() + n.daemon.output(), "the core has not shown itself for"));
  CHECK(n.daemon.stop().status == 0);
}
