#include "net/rtp/sequence.hpp"

#include <map>
#include <random>
#include <set>
#include <type_traits>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/long_run.hpp"

using namespace berth::net;
using enum sequence_verdict;

static_assert(std::is_trivially_copyable_v<sequence_tracker>);

namespace {

std::vector<sequence_verdict> fed(sequence_tracker& t, std::initializer_list<int> numbers) {
  std::vector<sequence_verdict> verdicts;
  for (const int n : numbers) verdicts.push_back(t.update(static_cast<std::uint16_t>(n)));
  return verdicts;
}

using verdicts = std::vector<sequence_verdict>;

}  // namespace

TEST_CASE("before the first packet nothing is expected or lost") {
  const sequence_tracker t;
  CHECK(t.expected() == 0);
  CHECK(t.received() == 0);
  CHECK(t.lost() == 0);
}

TEST_CASE("RFC 3550 A.1: order, gaps, reordering, duplicates") {
  sequence_tracker t;
  CHECK(fed(t, {100, 101, 104, 103, 103, 104, 101}) ==
        verdicts{in_order, in_order, in_order, reordered, duplicate, duplicate, duplicate});
  CHECK(t.expected() == 5);
  CHECK(t.received() == 4);
  CHECK(t.lost() == 1);
  CHECK(fed(t, {102}) == verdicts{reordered});
  CHECK(t.lost() == 0);
  CHECK(t.extended_highest() == 104);
  CHECK(t.last() == 102);
}

TEST_CASE("RFC 3550 A.1: reordering and duplicates across the wrap") {
  sequence_tracker t;
  CHECK(fed(t, {65533, 65534, 1, 65535, 0, 65535, 2, 1}) ==
        verdicts{in_order, in_order, in_order, reordered, reordered, duplicate, in_order, duplicate});
  CHECK(t.extended_highest() == 65536 + 2);
  CHECK(t.expected() == 6);
  CHECK(t.lost() == 0);
}

TEST_CASE("a packet overtaken by the very first one extends the sequence backwards, also across a wrap") {
  sequence_tracker t;
  CHECK(fed(t, {1, 65534}) == verdicts{in_order, reordered});
  CHECK(t.last() == -2);
  CHECK(t.expected() == 4);
  CHECK(t.lost() == 2);
  CHECK(fed(t, {0, 65535, 65534}) == verdicts{reordered, reordered, duplicate});
  CHECK(t.lost() == 0);
  CHECK(t.extended_highest() == 1);
}

TEST_CASE("RFC 3550 A.1: 70,000 cycles of the sequence number") {
  sequence_tracker t;
  t.update(0);
  const std::uint64_t steps = 70'000ULL * 65536 / 2048;
  for (std::uint64_t i = 1; i <= steps; ++i) REQUIRE(t.update(static_cast<std::uint16_t>(i * 2048)) == in_order);
  CHECK(t.extended_highest() == 70'000ULL * 65536);
  CHECK(t.received() == steps + 1);
  CHECK(t.lost() == 70'000ULL * 65536 - steps);
}

TEST_CASE("the window remembers exactly 1024 numbers") {
  sequence_tracker t;
  t.update(5000);
  t.update(6100);
  CHECK(fed(t, {6100 - 1023}) == verdicts{reordered});
  CHECK(fed(t, {6100 - 1023}) == verdicts{duplicate});
  CHECK(fed(t, {6100 - 1024}) == verdicts{late});
  CHECK(t.received() == 3);
}

TEST_CASE("RFC 3550 A.1: a step of 2999 is loss, one of 3000 a jump") {
  sequence_tracker t;
  CHECK(fed(t, {10, 10 + 2999}) == verdicts{in_order, in_order});
  CHECK(t.lost() == 2998);
  sequence_tracker u;
  CHECK(fed(u, {10, 10 + 3000}) == verdicts{in_order, out_of_order});
  CHECK(u.lost() == 0);
  CHECK(u.received() == 1);
}

TEST_CASE("RFC 3550 A.1 (bad_seq): the second of two successive numbers restarts the sequence") {
  sequence_tracker t;
  CHECK(fed(t, {10, 11, 20000, 20001, 20002}) == verdicts{in_order, in_order, out_of_order, restarted, in_order});
  CHECK(t.expected() == 2);
  CHECK(t.lost() == 0);
  CHECK(t.extended_highest() == 20002);
  // What came before the restart is forgotten: its numbers are no duplicates.
  CHECK(fed(t, {10, 11}) == verdicts{late, late});
}

TEST_CASE("RFC 3550 A.1 (bad_seq): jumps that do not follow each other, or are interrupted, restart nothing") {
  sequence_tracker t;
  CHECK(fed(t, {10, 20000, 20002, 25000, 20003, 11, 20004, 12}) ==
        verdicts{in_order, out_of_order, out_of_order, out_of_order, out_of_order, in_order, out_of_order, in_order});
  CHECK(t.lost() == 0);
  CHECK(fed(t, {30000, 30000, 30000}) == verdicts{out_of_order, out_of_order, out_of_order});
}

TEST_CASE("a sender that restarts behind its old numbers is believed after a run, a short backlog is not") {
  sequence_tracker t;
  t.update(30000);
  for (int n = 0; n < sequence_tracker::late_run - 1; ++n) CHECK(t.update(static_cast<std::uint16_t>(100 + n)) == late);
  CHECK(t.update(30001) == in_order);
  for (int n = 0; n < sequence_tracker::late_run - 1; ++n) CHECK(t.update(static_cast<std::uint16_t>(100 + n)) == late);
  CHECK(t.update(100 + sequence_tracker::late_run - 1) == restarted);
  CHECK(t.extended_highest() == 100 + sequence_tracker::late_run - 1);
}

TEST_CASE("RFC 3550 A.3: expected, received and lost match a model that remembers everything") {
  const auto seed = GENERATE(range(1U, 1U + berth::tests::at_length(8U)));
  std::mt19937 random(seed);
  const auto chance = [&](int percent) { return static_cast<int>(random() % 100) < percent; };

  // Delivery: some lost, some doubled, some held back by up to 1500 places (more than the window).
  const std::int64_t begin = 65000;
  std::multimap<std::int64_t, std::int64_t> delivery;
  std::int64_t next = begin;
  for (int i = 0; i < 200'000; ++i, ++next) {
    if (chance(1)) next += static_cast<std::int64_t>(random() % 200);
    if (chance(5)) continue;
    const std::int64_t delay = chance(10) ? static_cast<std::int64_t>(random() % (chance(5) ? 1500 : 20)) : 0;
    delivery.emplace(next + delay, next);
    if (chance(3)) delivery.emplace(next + delay + static_cast<std::int64_t>(random() % 30), next);
  }

  sequence_tracker t;
  std::set<std::int64_t> seen;
  std::int64_t highest = 0;
  std::int64_t lowest = 0;
  bool started = false;
  for (const auto& [when, number] : delivery) {
    const auto verdict = t.update(static_cast<std::uint16_t>(number));
    sequence_verdict wanted = in_order;
    if (started && number <= highest)
      wanted = number <= highest - 1024 ? late : seen.contains(number) ? duplicate : reordered;
    INFO("number " << number << ", highest " << highest);
    REQUIRE(verdict == wanted);
    if (is_accepted(wanted)) {
      seen.insert(number);
      highest = started ? std::max(highest, number) : number;
      lowest = started ? std::min(lowest, number) : number;
      started = true;
      REQUIRE(t.last() == number);
    }
    REQUIRE(t.expected() == static_cast<std::uint64_t>(highest - lowest + 1));
    REQUIRE(t.received() == seen.size());
    REQUIRE(t.lost() == static_cast<std::uint64_t>(highest - lowest + 1) - seen.size());
  }
  CHECK(t.extended_highest() == static_cast<std::uint64_t>(highest));
  CHECK(t.lost() > 0);
}
