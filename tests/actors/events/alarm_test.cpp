#include "actors/events/alarm.hpp"

#include "tests/support/catch.hpp"

using namespace berth::actors;
using namespace berth;
using namespace std::chrono_literals;

namespace {

const net::time_point t0{1h};

failure_alarm made() {
  failure_alarm a;
  a.set_limits({60s, 10, 0.2, 0.1});
  return a;
}

}  // namespace

TEST_CASE("the failure alarm is silent on few tries, however bad") {
  auto a = made();
  for (int i = 0; i < 9; ++i) a.record(true, t0);
  CHECK_FALSE(a.evaluate(t0));
  a.record(true, t0);
  const auto raised = a.evaluate(t0);
  REQUIRE(raised);
  CHECK(raised->value == Approx(1.0));
  CHECK(raised->text.find("10 of 10") != std::string::npos);
  CHECK(a.raised());
}

TEST_CASE("the failure alarm has hysteresis") {
  auto a = made();
  for (int i = 0; i < 8; ++i) a.record(false, t0);
  for (int i = 0; i < 2; ++i) a.record(true, t0);
  REQUIRE(a.evaluate(t0));
  CHECK_FALSE(a.evaluate(t0));
  for (int i = 0; i < 5; ++i) a.record(false, t0 + 1s);
  CHECK_FALSE(a.evaluate(t0 + 1s));  // 2 of 15: under the raising threshold, over the clearing one
  for (int i = 0; i < 5; ++i) a.record(false, t0 + 2s);
  const auto cleared = a.evaluate(t0 + 2s);
  REQUIRE(cleared);  // 2 of 20
  CHECK(cleared->threshold == Approx(0.1));
  CHECK_FALSE(a.raised());
}

TEST_CASE("failures leave the window") {
  auto a = made();
  for (int i = 0; i < 20; ++i) a.record(true, t0);
  REQUIRE(a.evaluate(t0));
  CHECK_FALSE(a.evaluate(t0 + 59s));
  CHECK(a.evaluate(t0 + 61s));
  CHECK_FALSE(a.raised());
}

TEST_CASE("the pool alarm is raised near the end and cleared well before it") {
  pool_alarm a;
  a.set_limits({0.05, 0.1});
  CHECK_FALSE(a.evaluate(6, 100));
  REQUIRE(a.evaluate(5, 100));
  CHECK_FALSE(a.evaluate(9, 100));
  CHECK(a.raised());
  REQUIRE(a.evaluate(10, 100));
  CHECK_FALSE(a.raised());
}
