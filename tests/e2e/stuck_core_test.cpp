// The core does not go on: what its clients hear meanwhile, and after.
#include <signal.h>

#include <future>
#include <optional>
#include <string>
#include <vector>

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/stopped_thread.hpp"

using namespace berth::tests;

TEST_CASE("a core that stops: health says so, every call is answered meanwhile, and all is well after") {
  node n;
  const auto port = n.port_of("cam");
  const std::string question = "/index/api/getRtpInfo?stream_id=cam&secret=" + n.daemon.secret();
  http_client idle{n.daemon.http_port()};
  REQUIRE(idle.get("/v1/health/live").status == 200);
  // The core's own thread serves them: nobody else accepts while it goes on.
  std::vector<http_client> kept;
  for (int i = 0; i < 4; ++i) REQUIRE(kept.emplace_back(n.daemon.http_port()).get(question).status == 200);

  for (int round = 0; round < 2; ++round) {
    std::optional<stopped_thread> core{std::in_place, n.daemon.pid(), "api"};
    std::vector<std::future<http_answer>> waiting;
    for (int i = 0; i < 2; ++i)
      waiting.push_back(std::async(std::launch::async, [&, client = &kept[static_cast<std::size_t>(2 * round + i)]] {
        return client->get(question);
      }));
    CHECK(eventually(20s, [&] { return http_client{n.daemon.http_port()}.get("/v1/health/live").status == 503; }));
    peer_face fresh{n.daemon.http_port(), n.daemon.secret()};
    const auto opened = fresh.call("openRtpServer", {{"stream_id", "late"}, {"port", "0"}});
    CHECK(number(opened, "code") == -400);
    CHECK(contains(text(opened, "msg"), "did not answer in time"));
    CHECK(native_face{n.daemon.http_port(), n.daemon.secret()}.get("/v1/streams/cam").status == 503);
    for (auto& w : waiting) {
      const auto said = w.get().json().as_object();
      CHECK(number(said, "code") == -400);
      CHECK(contains(text(said, "msg"), "did not answer in time"));
    }
    // That nobody knows is not that it is not so.
    CHECK(number(fresh.call("isMediaOnline", named("rtp", "cam")), "code") == -400);
    CHECK_FALSE(idle.closed_by_server());

    core.reset();
    CHECK(eventually(20s, [&] { return http_client{n.daemon.http_port()}.get("/v1/health/live").status == 200; }));
    CHECK(number(n.info("cam"), "port") == port);
    CHECK(idle.get("/v1/health/live").status == 200);
    CHECK(idle.connections() == 1);
    // What was asked is done when the core can, though nobody waits for it any more.
    CHECK(eventually(20s, [&] { return n.close("late") == 1; }));
  }
  CHECK(contains(n.daemon.errors() + n.daemon.output(), "the core has not shown itself for"));
  CHECK(n.daemon.stop().status == 0);
}

TEST_CASE("a thread that stops on the way down keeps the process for a while, and not for ever") {
  node of_viewers{{{"berth.shutdown_sec", "0"}}}, of_cameras{{{"berth.shutdown_sec", "0"}}};
  stopped_thread viewers{of_viewers.daemon.pid(), "viewers 1"};
  stopped_thread cameras{of_cameras.daemon.pid(), "reactor 0"};
  of_viewers.daemon.signal(SIGTERM);
  of_cameras.daemon.signal(SIGTERM);
  viewers.await_end();
  cameras.await_end();
  for (auto* n : {&of_viewers, &of_cameras}) {
    CHECK(n->daemon.wait(20s).status == 1);
    CHECK(contains(n->daemon.errors(), "a thread is stuck"));
  }
}
