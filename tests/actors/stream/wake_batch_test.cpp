#include "actors/stream/wake_batch.hpp"

#include "tests/support/catch.hpp"

using namespace berth::actors;

namespace {

struct counting final : sleeper {
  void wake() override { ++woken; }
  int woken = 0;
};

}  // namespace

TEST_CASE(
    "wake_batch: who is to be woken is woken once when the batch is delivered, and at once where there is no turn") {
  counting one, other, third;
  wake_batch batch;
  for (int turn = 0; turn < 2; ++turn) {
    const wake_batch::turn stands{batch};
    wake_batch::wake(one);
    wake_batch::wake(other);
    wake_batch::wake(one);
  }
  CHECK(one.woken + other.woken == 0);
  CHECK_FALSE(batch.empty());
  batch.deliver();
  CHECK(batch.empty());
  CHECK(one.woken == 1);
  CHECK(other.woken == 1);
  CHECK(third.woken == 0);
  batch.deliver();
  wake_batch::wake(one);
  CHECK(one.woken == 2);
}
