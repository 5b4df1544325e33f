#include "net/base/cpu_clock.hpp"

#include <future>
#include <thread>

#include "tests/support/catch.hpp"
#include "tests/support/condition.hpp"

using namespace berth;
using namespace std::chrono_literals;

TEST_CASE("cpu_clock: it shows the work of its thread, to others, and nothing when that has ended") {
  std::promise<void> enough;
  std::thread worker{[until = enough.get_future()] {
    while (until.wait_for(0s) != std::future_status::ready) {
    }
  }};
  const net::cpu_clock clock{worker.native_handle()};
  CHECK(tests::eventually(20s, [&] { return clock.used() > 10ms; }));
  enough.set_value();
  worker.join();
  CHECK(clock.used() == 0s);
}
