#include "actors/supervisor/deadline_queue.hpp"

#include "tests/support/catch.hpp"

using namespace berth::actors;
using namespace berth;
using namespace std::chrono_literals;

TEST_CASE("deadline_queue: what is due comes out in order, and what was removed does not") {
  deadline_queue q;
  const net::time_point begun{1h};
  q.add(begun + 3s, {"v", "a", "late"}, 1);
  q.add(begun + 1s, {"v", "a", "first"}, 2);
  q.add(begun + 1s, {"v", "a", "second"}, 3);
  q.add(begun + 1s, {"v", "a", "removed"}, 4);
  q.remove(begun + 1s, 4);
  q.remove(begun + 2s, 1);
  CHECK(q.size() == 3);
  CHECK_FALSE(q.take_due(begun));
  CHECK(q.take_due(begun + 1s)->key.stream == "first");
  CHECK(q.take_due(begun + 1s)->key.stream == "second");
  CHECK_FALSE(q.take_due(begun + 1s));
  CHECK(q.take_due(begun + 9s)->key.stream == "late");
  CHECK(q.size() == 0);
}
