#include "actors/stream/stream.hpp"

#include "tests/support/allocations.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/harbour.hpp"

using namespace berth::tests;
using namespace berth;

TEST_CASE("from the socket to the counters an accepted packet takes nothing from the heap") {
  harbour h;
  camera cam;
  const auto port = h.open("cam")->stream->port();
  const auto read = [&] { return h.poller.wait(net::duration::zero(), [&] { return h.lab.now(); }); };
  // The first packets teach the stream its sender, and tell the supervisor.
  for (int i = 0; i < 3; ++i) cam.send(port);
  h.receive();

  for (int i = 0; i < 100; ++i) cam.send(port);
  const auto before = allocations();
  while (read() > 0) {
  }
  CHECK(allocations() == before);
  const auto q = h.query("cam");
  REQUIRE(q);
  CHECK(q->counters.accepted == 103);
  CHECK(allocations() > before);  // it counts
}
