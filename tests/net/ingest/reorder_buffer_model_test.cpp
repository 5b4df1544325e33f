// The buffer beside a model of it that is too simple to be wrong, over long random streams.
#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "net/ingest/reorder_buffer.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/long_run.hpp"

using namespace berth::net;
using std::chrono::milliseconds;

namespace {

/// The same rules, with a map: slow and plain.
class naive_order {
 public:
  explicit naive_order(const reorder_buffer::limits& l) : limits_(l) {}

  void push(std::int64_t number, bool restarted, std::size_t size, time_point now) {
    if (!next_ || restarted) {
      flush();
      next_ = number;
    }
    if (number < *next_) {
      ++late;
      return;
    }
    while (!held_.empty() && number - *next_ > limits_.distance) give_up();
    if (number - *next_ > limits_.distance) skip_to(number);
    held_[number] = {size, now};
    release();
    while (held_.size() > limits_.packets || bytes() > limits_.bytes) give_up();
  }
  void expire(time_point now) {
    while (!held_.empty() && *deadline() <= now) give_up();
  }
  void flush() {
    while (!held_.empty()) give_up();
  }
  std::optional<time_point> deadline() const {
    if (held_.empty()) return std::nullopt;
    auto first = time_point::max();
    for (const auto& [number, p] : held_) first = std::min(first, p.arrival);
    return first + limits_.patience;
  }
  std::size_t waiting() const { return held_.size(); }

  std::vector<std::pair<std::int64_t, std::uint64_t>> out;  // number, missing before it
  std::uint64_t late = 0, gaps = 0;

 private:
  struct held {
    std::size_t size = 0;
    time_point arrival{};
  };
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const auto& [number, p] : held_) sum += p.size;
    return sum;
  }
  void skip_to(std::int64_t number) {
    missing_ += static_cast<std::uint64_t>(number - *next_);
    gaps += static_cast<std::uint64_t>(number - *next_);
    next_ = number;
  }
  void give_up() {
    skip_to(held_.begin()->first);
    release();
  }
  void release() {
    while (!held_.empty() && held_.begin()->first == *next_) {
      out.emplace_back(*next_, std::exchange(missing_, 0));
      ++*next_;
      held_.erase(held_.begin());
    }
  }

  reorder_buffer::limits limits_;
  std::optional<std::int64_t> next_;
  std::uint64_t missing_ = 0;
  std::map<std::int64_t, held> held_;
};

class pairs final : public ordered_sink {
 public:
  void on_packet(const ordered_packet& p) override {
    out.emplace_back(p.number, p.missing);
    restarts += p.restarted ? 1U : 0U;
    right = right && std::all_of(p.payload.begin(), p.payload.end(),
                                 [&](auto b) { return b == static_cast<std::uint8_t>(p.number); });
  }
  std::vector<std::pair<std::int64_t, std::uint64_t>> out;
  unsigned restarts = 0;
  bool right = true;
};

}  // namespace

TEST_CASE("reorder_buffer: does what a map does, with reordering, loss, pauses, restarts and tight limits",
          "[reorder_buffer]") {
  std::mt19937 random{20};
  const reorder_buffer::limits all_limits[] = {
      {}, {.packets = 5}, {.distance = 7}, {.bytes = 5000}, {.patience = milliseconds{15}}, {.distance = 0}};
  for (const auto& l : all_limits) {
    for (int round = 0; round < berth::tests::at_length(8); ++round) {
      pairs sink;
      media_counters counters;
      reorder_buffer buffer{sink, counters, l};
      naive_order model{l};
      std::multimap<std::int64_t, std::int64_t> under_way;  // by the place at which it comes
      auto now = time_point{std::chrono::seconds{10}};
      unsigned restarts = 0;
      std::int64_t base = 0;
      for (std::int64_t i = 0; i < 3000; ++i) {
        if (random() % 100 != 0) under_way.emplace(i + (random() % 5 == 0 ? random() % 40 : 0), base + i);
        if (random() % 500 == 0) base += static_cast<std::int64_t>(random() % 400);
        now += milliseconds{random() % 3};
        bool restarted = false;
        if (random() % 700 == 0 && !model.out.empty()) {
          under_way.clear();
          base -= static_cast<std::int64_t>(random() % 5000);
          under_way.emplace(i, base + i);
          restarted = true;
          ++restarts;
        }
        while (!under_way.empty() && under_way.begin()->first <= i) {
          const auto number = under_way.begin()->second;
          under_way.erase(under_way.begin());
          const std::vector<std::uint8_t> payload(random() % 50 == 0 ? 4000 : random() % 1500,
                                                  static_cast<std::uint8_t>(number));
          accepted_packet a;
          a.packet.payload = payload;
          a.number = number;
          a.restarted = std::exchange(restarted, false);
          buffer.push(a, now);
          model.push(number, a.restarted, payload.size(), now);
          REQUIRE(buffer.deadline() == model.deadline());
          REQUIRE(buffer.waiting() == model.waiting());
        }
        if (random() % 4 == 0) {
          buffer.expire(now);
          model.expire(now);
        }
      }
      buffer.flush();
      model.flush();
      CHECK(sink.out == model.out);
      CHECK(sink.right);
      CHECK(sink.restarts == restarts);
      CHECK(counters.late.value() == model.late);
      CHECK(counters.gaps.value() == model.gaps);
      CHECK(counters.held.value() >= model.out.size() / 100 * (l.distance > 0 ? 1U : 0U));
    }
  }
}
