#include "net/rtp/reception_statistics.hpp"

#include <cmath>
#include <map>
#include <random>
#include <set>

#include "tests/support/catch.hpp"
#include "tests/support/long_run.hpp"

using namespace berth::net;
using namespace std::chrono_literals;

namespace {

const time_point counted_from{1000s};

rtp_packet packet(int sequence, std::uint32_t timestamp = 0, std::uint8_t payload_type = 96) {
  rtp_packet p;
  p.sequence = static_cast<std::uint16_t>(sequence);
  p.timestamp = timestamp;
  p.payload_type = payload_type;
  p.ssrc = 77;
  return p;
}

}  // namespace

TEST_CASE("RFC 3551 6: 8000 Hz for the static audio types, else 90 kHz") {
  for (const int type : {0, 4, 8, 9, 15, 18}) CHECK(clock_rate(static_cast<std::uint8_t>(type)) == 8000);
  for (const int type : {33, 96, 98, 99, 127}) CHECK(clock_rate(static_cast<std::uint8_t>(type)) == 90000);
}

TEST_CASE("RFC 3550 A.8: a packet as late as its timestamp says has no jitter, at both clock rates") {
  for (const int type : {8, 96}) {
    reception_statistics s;
    const auto rate = clock_rate(static_cast<std::uint8_t>(type));
    for (int i = 0; i < 1000; ++i)
      s.update(packet(i, static_cast<std::uint32_t>(i) * (rate / 50) - 10'000, static_cast<std::uint8_t>(type)),
               counted_from + i * 20ms);
    CHECK(s.jitter() == 0);
  }
}

TEST_CASE("RFC 3550 A.8: one packet 16 ms late adds a sixteenth, 1 ms, and then fades") {
  reception_statistics s;
  s.update(packet(1, 0), counted_from);
  s.update(packet(2, 3600), counted_from + 56ms);
  CHECK(s.jitter() == 90);
  CHECK(s.jitter_us() == 1000);
  // 16 ms early against that one: 1 ms + (16 ms - 1 ms) / 16
  s.update(packet(3, 7200), counted_from + 80ms);
  CHECK(s.jitter_us() == Approx(1937).margin(5));
  for (int i = 4; i < 100; ++i)
    s.update(packet(i, static_cast<std::uint32_t>(i - 1) * 3600), counted_from + (i - 1) * 40ms);
  CHECK(s.jitter_us() < 100);
}

TEST_CASE("RFC 3550 A.8: the estimate follows the formula in floating point") {
  std::mt19937 random(42);
  reception_statistics s;
  double jitter = 0;
  double last_transit = 0;
  for (int i = 0; i < 5000; ++i) {
    const auto noise = std::chrono::microseconds(random() % 20'000);
    const auto arrival = counted_from + i * 40ms + noise;
    s.update(packet(i, static_cast<std::uint32_t>(i) * 3600U), arrival);
    const double transit = std::chrono::duration<double>(arrival - counted_from).count() * 90000 - i * 3600.0;
    if (i > 0) jitter += (std::abs(transit - last_transit) - jitter) / 16;
    last_transit = transit;
  }
  CHECK(s.jitter() == Approx(jitter).margin(2));
  CHECK(s.jitter() > 300);
}

TEST_CASE("RFC 3550 A.8: timestamp wrap, wild timestamps and a long pause stay within bounds") {
  reception_statistics s;
  s.update(packet(1, 0xffffff00), counted_from);
  s.update(packet(2, 0xffffff00 + 3600), counted_from + 40ms);
  CHECK(s.jitter() == 0);
  std::mt19937 random(1);
  for (int i = 3; i < 10'000; ++i) s.update(packet(i, static_cast<std::uint32_t>(random())), counted_from + i * 40ms);
  CHECK(s.jitter() < 0x80000000U);
  s.update(packet(10'000, 0), counted_from + 1000h);
  CHECK(s.jitter() < 0x90000000U);
}

TEST_CASE("duplicates and refused packets change no figure") {
  reception_statistics s;
  s.update(packet(1, 0), counted_from);
  s.update(packet(2, 3600), counted_from + 40ms);
  CHECK(s.update(packet(2, 3600), counted_from + 90ms) == sequence_verdict::duplicate);
  CHECK(s.update(packet(40'000, 1), counted_from + 95ms) == sequence_verdict::late);
  CHECK(s.update(packet(20'000, 1), counted_from + 95ms) == sequence_verdict::out_of_order);
  CHECK(s.jitter() == 0);
  CHECK(s.sequence().received() == 2);
}

TEST_CASE("RFC 3550 6.4.1: LSR and DLSR come from the last sender report of this SSRC") {
  reception_statistics s;
  s.on_sender_report({.ssrc = 77, .ntp = 0x1111222233334444}, counted_from);
  s.update(packet(1), counted_from);
  CHECK(s.make_report(counted_from).last_sr == 0);

  s.on_sender_report({.ssrc = 77, .ntp = 0x1111222233334444}, counted_from);
  s.on_sender_report({.ssrc = 78, .ntp = 0x5555666677778888}, counted_from + 1s);
  auto block = s.make_report(counted_from + 2500ms);
  CHECK(block.ssrc == 77);
  CHECK(block.last_sr == 0x22223333);
  CHECK(block.delay_since_last_sr == 2 * 65536 + 32768);
  CHECK(s.make_report(counted_from + 100h).delay_since_last_sr == 0xffff0000);
  CHECK(s.make_report(counted_from - 1s).delay_since_last_sr == 0);
}

TEST_CASE("RFC 3550 A.3: fraction lost covers the interval since the last report only") {
  reception_statistics s;
  for (int i = 0; i < 100; ++i)
    if (i % 4 != 1) s.update(packet(i), counted_from);
  auto block = s.make_report(counted_from);
  CHECK(block.fraction_lost == 64);
  CHECK(block.cumulative_lost == 25);
  CHECK(block.highest_sequence == 99);

  for (int i = 100; i < 200; ++i) s.update(packet(i), counted_from);
  block = s.make_report(counted_from);
  CHECK(block.fraction_lost == 0);
  CHECK(block.cumulative_lost == 25);

  // An interval without a packet, and one that only fills old gaps.
  CHECK(s.make_report(counted_from).fraction_lost == 0);
  s.update(packet(1), counted_from);
  s.update(packet(5), counted_from);
  block = s.make_report(counted_from);
  CHECK(block.fraction_lost == 0);
  CHECK(block.cumulative_lost == 23);
}

TEST_CASE("RFC 3550 A.3: one of 3000 received is the largest fraction, and cumulative loss stops at 24 bits") {
  reception_statistics s;
  s.update(packet(0), counted_from);
  (void)s.make_report(counted_from);
  s.update(packet(2999), counted_from);
  CHECK(s.make_report(counted_from).fraction_lost == 255);
  for (int i = 2; i < 3000; ++i) s.update(packet(i * 2999), counted_from);
  CHECK(s.sequence().lost() > 0x7fffff);
  CHECK(s.make_report(counted_from).cumulative_lost == 0x7fffff);
}

TEST_CASE("RFC 3550 A.1: a restart begins the report's figures anew") {
  reception_statistics s;
  for (const int n : {10, 15, 40'000 - 20'000, 20'001, 20'003}) s.update(packet(n), counted_from);
  const auto block = s.make_report(counted_from);
  CHECK(block.highest_sequence == 20'003);
  CHECK(block.cumulative_lost == 1);
  CHECK(block.fraction_lost == 256 / 3);
}

TEST_CASE("RFC 3550 A.3: report figures match a model under random loss, duplicates and reordering") {
  const auto seed = GENERATE(range(11U, 11U + berth::tests::at_length(5U)));
  std::mt19937 random(seed);
  const auto chance = [&](int percent) { return static_cast<int>(random() % 100) < percent; };
  std::multimap<int, int> delivery;
  const int first = 64'000;
  delivery.emplace(first, first);
  for (int n = first + 1; n < first + 50'000; ++n) {
    if (chance(10)) continue;
    const int when = n + (chance(10) ? static_cast<int>(random() % 40) : 0);
    delivery.emplace(when, n);
    if (chance(5)) delivery.emplace(when + static_cast<int>(random() % 40), n);
  }

  reception_statistics s;
  std::set<int> seen;
  int highest = first;
  std::int64_t expected_before = 0;
  std::int64_t received_before = 0;
  int reports = 0;
  for (const auto& [when, n] : delivery) {
    s.update(packet(n), counted_from);
    seen.insert(n);
    highest = std::max(highest, n);
    if (random() % 200 != 0) continue;
    const std::int64_t expected = highest - first + 1;
    const auto received = static_cast<std::int64_t>(seen.size());
    const auto of = expected - expected_before;
    const auto lost = std::max<std::int64_t>(of - (received - received_before), 0);
    (void)s.sequence().lost();  // reading in between moves no interval
    (void)s.jitter_us();
    const auto block = s.make_report(counted_from);
    REQUIRE(block.cumulative_lost == expected - received);
    REQUIRE(block.fraction_lost == (of == 0 ? 0 : lost * 256 / of));
    REQUIRE(block.highest_sequence == static_cast<std::uint32_t>(highest));
    expected_before = expected;
    received_before = received;
    ++reports;
  }
  CHECK(reports > 100);
}
