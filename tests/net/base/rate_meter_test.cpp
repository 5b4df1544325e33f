#include "net/base/rate_meter.hpp"

#include "tests/support/catch.hpp"

using namespace berth::net;
using namespace std::chrono_literals;

TEST_CASE("rate_meter: what comes now counts, what came before a pause does not, and silence is none") {
  rate_meter rate;
  const time_point begun{1h};
  std::uint64_t sum = 0;
  for (int i = 0; i <= 100; ++i) rate.note(sum += 1000, begun + i * 40ms);
  CHECK(rate.value(begun + 4s) == 25000);
  CHECK(rate.value(begun + 5s) == 25000);
  CHECK(rate.value(begun + 8s) == 0);
  rate.note(sum, begun + 1min);
  CHECK(rate.value(begun + 1min) == 0);
  rate.note(sum += 5000, begun + 1min + 1s);
  CHECK(rate.value(begun + 1min + 1s) == 5000);
}
