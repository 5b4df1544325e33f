#include "net/ingest/reorder_buffer.hpp"

#include <algorithm>
#include <numeric>
#include <random>

#include "tests/support/allocations.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/long_run.hpp"

using namespace berth::net;
using berth::tests::allocations;
using std::chrono::milliseconds;

namespace {

/// What came out, with a payload of one byte a packet that says which it is.
class orderly final : public ordered_sink {
 public:
  void on_packet(const ordered_packet& p) override {
    numbers.push_back(p.number);
    missing += p.missing;
    restarts += p.restarted ? 1 : 0;
    right = right && p.payload.size() == 1 && p.payload[0] == static_cast<std::uint8_t>(p.number);
  }

  std::vector<std::int64_t> numbers;
  std::uint64_t missing = 0;
  int restarts = 0;
  bool right = true;
};

struct fixture {
  explicit fixture(const reorder_buffer::limits& l = {}) : buffer(out, counters, l) {}

  void push(std::int64_t number, bool restarted = false) {
    const std::uint8_t payload[] = {static_cast<std::uint8_t>(number)};
    accepted_packet a;
    a.packet.payload = payload;
    a.number = number;
    a.restarted = restarted;
    buffer.push(a, now);
  }

  orderly out;
  media_counters counters;
  time_point now{std::chrono::seconds{10}};
  reorder_buffer buffer;
};

std::vector<std::int64_t> line(std::int64_t from, std::int64_t to) {
  std::vector<std::int64_t> v(static_cast<std::size_t>(to - from + 1));
  std::iota(v.begin(), v.end(), from);
  return v;
}

}  // namespace

TEST_CASE("reorder_buffer: every order of six packets behind the first one comes out in order, and none is lost",
          "[reorder_buffer]") {
  std::vector<std::int64_t> order = line(1, 6);
  do {
    fixture f;
    f.push(0);
    for (const auto n : order) f.push(n);
    CHECK(f.out.numbers == line(0, 6));
    CHECK(f.out.right);
    CHECK(f.out.missing == 0);
    CHECK(f.buffer.waiting() == 0);
    CHECK_FALSE(f.buffer.deadline());
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("reorder_buffer: a gap is given up at its deadline, without another packet", "[reorder_buffer]") {
  fixture f;
  f.push(1);
  f.push(3);
  f.push(4);
  REQUIRE(f.buffer.deadline() == f.now + milliseconds{300});
  f.now += milliseconds{100};
  f.push(6);
  f.buffer.expire(f.now + milliseconds{199});
  CHECK(f.out.numbers == line(1, 1));
  f.buffer.expire(f.now + milliseconds{200});
  CHECK(f.out.numbers == std::vector<std::int64_t>{1, 3, 4});
  CHECK(f.out.missing == 1);
  // The second gap has a deadline of its own.
  REQUIRE(f.buffer.deadline() == f.now + milliseconds{300});
  f.buffer.expire(f.now + milliseconds{300});
  CHECK(f.out.numbers == std::vector<std::int64_t>{1, 3, 4, 6});
  CHECK(f.counters.gaps.value() == 2);
  f.push(5);
  CHECK(f.counters.late.value() == 1);
}

TEST_CASE("reorder_buffer: a gap is given up when too much waits behind it", "[reorder_buffer]") {
  fixture by_count{{.packets = 3}};
  by_count.push(1);
  for (int n = 3; n <= 6; ++n) by_count.push(n);
  CHECK(by_count.out.numbers == std::vector<std::int64_t>{1, 3, 4, 5, 6});

  fixture by_distance{{.distance = 10}};
  by_distance.push(1);
  by_distance.push(5);
  by_distance.push(14);
  CHECK(by_distance.out.numbers == std::vector<std::int64_t>{1, 5});
  CHECK(by_distance.buffer.waiting() == 1);
  by_distance.push(100);
  CHECK(by_distance.out.numbers == std::vector<std::int64_t>{1, 5, 14, 100});
  CHECK(by_distance.out.missing == 3 + 8 + 85);
}

TEST_CASE("reorder_buffer: when the sender starts anew, what waits goes out first", "[reorder_buffer]") {
  fixture f;
  f.push(1);
  f.push(3);
  f.push(50, true);
  f.push(51);
  CHECK(f.out.numbers == std::vector<std::int64_t>{1, 3, 50, 51});
  CHECK(f.out.restarts == 1);
}

TEST_CASE("reorder_buffer: a long shuffle with losses gives what a sorted list gives", "[reorder_buffer]") {
  std::mt19937 random{5};
  for (int round = 0; round < berth::tests::at_length(20); ++round) {
    fixture f;
    std::vector<std::int64_t> sent;
    for (std::int64_t n = 0; n < 2000; ++n)
      if (n == 0 || random() % 50 != 0) sent.push_back(n);
    auto shuffled = sent;
    for (std::size_t i = 1; i + 10 < shuffled.size(); ++i)
      if (random() % 5 == 0) std::swap(shuffled[i], shuffled[i + random() % 10]);
    for (const auto n : shuffled) {
      f.push(n);
      f.now += milliseconds{1};
      f.buffer.expire(f.now);
    }
    f.buffer.flush();
    CHECK(f.out.numbers == sent);
    CHECK(f.out.right);
    CHECK(f.out.missing + sent.size() == static_cast<std::size_t>(sent.back()) + 1);
    CHECK(f.counters.late.value() == 0);
  }
}

TEST_CASE("reorder_buffer: begins with the packet that comes first, and those before it are late", "[reorder_buffer]") {
  std::vector<std::int64_t> order = line(1, 6);
  do {
    fixture f;
    for (const auto n : order) f.push(n);
    CHECK(f.out.numbers == line(order[0], 6));
    CHECK(f.counters.late.value() == static_cast<std::uint64_t>(order[0] - 1));
    CHECK(f.out.missing == 0);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("reorder_buffer: a packet that waited keeps its fields", "[reorder_buffer]") {
  class last_one final : public ordered_sink {
   public:
    void on_packet(const ordered_packet& p) override {
      last = p;
      payload.assign(p.payload.begin(), p.payload.end());
    }
    ordered_packet last;
    std::vector<std::uint8_t> payload;
  } out;
  media_counters counters;
  reorder_buffer buffer{out, counters, {}};
  std::uint8_t bytes[] = {1, 2, 3};
  accepted_packet a;
  a.number = -3;
  buffer.push(a, time_point{});
  a.number = -1;
  a.packet.payload_type = 98;
  a.packet.marker = true;
  a.packet.timestamp = 0xfffffff0;
  a.packet.payload = bytes;
  buffer.push(a, time_point{});
  std::fill(std::begin(bytes), std::end(bytes), std::uint8_t{0});  // its datagram is gone by now
  a = {};
  a.number = -2;
  buffer.push(a, time_point{});
  CHECK(out.last.number == -1);
  CHECK(out.last.payload_type == 98);
  CHECK(out.last.marker);
  CHECK(out.last.timestamp == 0xfffffff0);
  CHECK(out.payload == std::vector<std::uint8_t>{1, 2, 3});
  CHECK(out.last.missing == 0);
}

TEST_CASE("reorder_buffer: a packet as far as the distance waits, one farther does not", "[reorder_buffer]") {
  fixture f;
  f.push(0);
  f.push(257);
  CHECK(f.out.numbers == line(0, 0));
  CHECK(f.buffer.waiting() == 1);
  f.push(258);
  CHECK(f.out.numbers == std::vector<std::int64_t>{0, 257, 258});
  CHECK(f.out.missing == 256);
  CHECK(f.counters.gaps.value() == 256);
  f.push(516);
  CHECK(f.out.numbers.back() == 516);
  CHECK(f.buffer.waiting() == 0);
}

TEST_CASE("reorder_buffer: a gap is given up when too many bytes wait behind it", "[reorder_buffer]") {
  const std::vector<std::uint8_t> payload(1000);
  class counting final : public ordered_sink {
   public:
    void on_packet(const ordered_packet& p) override { numbers.push_back(p.number); }
    std::vector<std::int64_t> numbers;
  } out;
  media_counters counters;
  reorder_buffer buffer{out, counters, {.bytes = 3000}};
  accepted_packet a;
  a.packet.payload = payload;
  for (const std::int64_t n : {1, 3, 5, 6}) {
    a.number = n;
    buffer.push(a, time_point{});
  }
  CHECK(out.numbers == line(1, 1));
  a.number = 8;
  buffer.push(a, time_point{});
  CHECK(out.numbers == std::vector<std::int64_t>{1, 3});
  CHECK(buffer.waiting() == 3);
}

TEST_CASE(
    "reorder_buffer: the deadline counts from the packet that showed the gap, not from a later one in front of it",
    "[reorder_buffer]") {
  fixture f;
  f.push(1);
  f.push(8);
  const auto due = f.now + milliseconds{300};
  f.now += milliseconds{100};
  f.push(7);
  f.push(2);
  f.push(3);
  CHECK(f.buffer.deadline() == due);
  f.push(5);
  f.push(4);  // takes 5 along, and what is left are 7 and 8
  CHECK(f.out.numbers == line(1, 5));
  CHECK(f.buffer.deadline() == due);
  f.buffer.expire(due - milliseconds{1});
  CHECK(f.out.numbers == line(1, 5));
  f.buffer.expire(due);
  CHECK(f.out.numbers == std::vector<std::int64_t>{1, 2, 3, 4, 5, 7, 8});
  CHECK_FALSE(f.buffer.deadline());
}

TEST_CASE("reorder_buffer: after a reset it begins anew, and what waited is gone", "[reorder_buffer]") {
  fixture f;
  f.push(10);
  f.push(12);
  f.buffer.reset();
  CHECK(f.buffer.waiting() == 0);
  CHECK_FALSE(f.buffer.deadline());
  f.push(3);
  f.push(4);
  CHECK(f.out.numbers == std::vector<std::int64_t>{10, 3, 4});
  CHECK(f.out.missing == 0);
  CHECK(f.counters.late.value() == 0);
}

TEST_CASE("reorder_buffer: takes no memory in order, nor again for neighbours that change places", "[reorder_buffer]") {
  class nobody final : public ordered_sink {
   public:
    void on_packet(const ordered_packet&) override {}
  } out;
  media_counters counters;
  reorder_buffer buffer{out, counters, {}};
  const std::vector<std::uint8_t> payload(1400);
  const auto taken_by = [&](std::initializer_list<std::int64_t> numbers) {
    const auto before = allocations();
    for (const auto n : numbers) {
      accepted_packet a;
      a.packet.payload = payload;
      a.number = n;
      buffer.push(a, time_point{});
    }
    return allocations() - before;
  };
  for (std::int64_t n = 0; n < 1000; ++n) CHECK(taken_by({n}) == 0);
  CHECK(taken_by({1001, 1000}) == 2);  // the ring, and a buffer
  for (std::int64_t n = 1002; n < 1100; n += 2) taken_by({n + 1, n});
  for (std::int64_t n = 1100; n < 1200; n += 2) CHECK(taken_by({n + 1, n}) == 0);
  // A long gap takes more, which does not stay.
  std::uint64_t taken = 0;
  for (std::int64_t n = 1201; n < 1401; ++n) taken += taken_by({n});
  CHECK(taken > 190);
  CHECK(taken_by({1200}) == 0);
  CHECK(taken_by({1402, 1401}) == 2);
}

TEST_CASE("reorder_buffer: large packets leave no large buffers behind", "[reorder_buffer]") {
  class nobody final : public ordered_sink {
   public:
    void on_packet(const ordered_packet&) override {}
  } out;
  media_counters counters;
  reorder_buffer buffer{out, counters, {}};
  const std::vector<std::uint8_t> small(2048), large(2049);
  const auto swap_neighbours = [&](std::int64_t first, const std::vector<std::uint8_t>& payload) {
    const auto before = allocations();
    for (const auto n : {first + 1, first}) {
      accepted_packet a;
      a.packet.payload = payload;
      a.number = n;
      buffer.push(a, time_point{});
    }
    return allocations() - before;
  };
  for (std::int64_t n = -1; n < 19; n += 2) swap_neighbours(n, small);
  for (std::int64_t n = 19; n < 39; n += 2) CHECK(swap_neighbours(n, small) == 0);
  for (std::int64_t n = 39; n < 59; n += 2) CHECK(swap_neighbours(n, large) == 1);
}
