#include "actors/stream/wake_batch.hpp"

#include "tests/support/catch.hpp"

using namespace berth::actors;

namespace {

struct counting final : sleeper {
  void wake() override { ++woken; }
  int woken = 0;
};

}  // namespace

TEST_CASE("wake_batch: who is to be woken is woken once when it ends, and at once where there is none") {
  counting one, other, third;
  {
    const wake_batch turn;
    wake_batch::wake(one);
    wake_batch::wake(other);
    wake_batch::wake(one);
    CHECK(one.woken + other.woken == 0);
  }
  CHECK(one.woken == 1);
  CHECK(other.woken == 1);
  CHECK(third.woken == 0);
  wake_batch::wake(one);
  CHECK(one.woken == 2);
}
