#include "net/reorder_buffer.hpp"

#include <algorithm>
#include <numeric>
#include <random>

#include "tests/support/catch.hpp"

using namespace berth::net;
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

TEST_CASE("reorder_buffer: every order of six packets behind the first one comes out in order, and none is lost") {
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

TEST_CASE("reorder_buffer: a gap is given up at its deadline, without another packet") {
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

TEST_CASE("reorder_buffer: a gap is given up when too much waits behind it") {
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

TEST_CASE("reorder_buffer: when the sender starts anew, what waits goes out first") {
  fixture f;
  f.push(1);
  f.push(3);
  f.push(50, true);
  f.push(51);
  CHECK(f.out.numbers == std::vector<std::int64_t>{1, 3, 50, 51});
  CHECK(f.out.restarts == 1);
}

TEST_CASE("reorder_buffer: a long shuffle with losses gives what a sorted list gives") {
  std::mt19937 random{5};
  for (int round = 0; round < 20; ++round) {
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
