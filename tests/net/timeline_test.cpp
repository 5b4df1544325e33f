#include "net/timeline.hpp"

#include <random>

#include "net/decoding_order.hpp"
#include "tests/support/catch.hpp"

using namespace berth::net;
using std::chrono::milliseconds;

namespace {

const time_point start{std::chrono::seconds{50}};

time_point at_ms(std::int64_t ms) { return start + milliseconds{ms}; }

}  // namespace

TEST_CASE("stamp_unwrapper: 33 and 32 bits go on across the wrap, in both directions") {
  for (const unsigned bits : {33U, 32U}) {
    const std::int64_t range = std::int64_t{1} << bits;
    stamp_unwrapper u{bits};
    CHECK(u.unwrap(static_cast<std::uint64_t>(range - 100)) == range - 100);
    CHECK(u.unwrap(50) == range + 50);
    CHECK(u.unwrap(static_cast<std::uint64_t>(range - 10)) == range - 10);
    CHECK(u.unwrap(0) == range);
  }
}

TEST_CASE("rescale: rounds to the nearest and does not overflow") {
  CHECK(rescale(8000, 8000) == 90000);
  CHECK(rescale(1, 8000) == 11);
  CHECK(rescale(1024, 44100) == 2090);
  CHECK(rescale(-1024, 44100) == -2090);
  CHECK(rescale(12345, 90000) == 12345);
}

TEST_CASE("timeline: relative time begins at 0 and keeps distances and composition") {
  timeline t;
  const auto a = t.place(0, 900'000, 907'200, at_ms(0));
  CHECK(a.dts == 0);
  CHECK(a.pts == 7200);
  const auto b = t.place(0, 903'600, 903'600, at_ms(40));
  CHECK(b.dts == 3600);
  CHECK(b.pts == 3600);
  // Sound that belongs a little before the picture is not put before the beginning.
  CHECK(t.place(1, 899'000, 899'000, at_ms(41)).dts == 0);
  CHECK(t.place(1, 904'000, 904'000, at_ms(45)).dts == 4000);
}

TEST_CASE("timeline: a jump goes on at the pace before, for both tracks by the same") {
  for (const std::int64_t jump : {std::int64_t{-800'000}, std::int64_t{50'000'000}}) {
    timeline t;
    for (int i = 0; i < 10; ++i) {
      t.place(0, 1'000'000 + i * 3600, 1'000'000 + i * 3600, at_ms(i * 40));
      t.place(1, 1'000'000 + i * 3600, 1'000'000 + i * 3600, at_ms(i * 40));
    }
    const auto video = t.place(0, 1'036'000 + jump, 1'036'000 + jump, at_ms(400));
    const auto audio = t.place(1, 1'036'000 + jump, 1'036'000 + jump, at_ms(400));
    CHECK(video.dts == 9 * 3600 + 3600);
    CHECK(audio.dts == video.dts);
    CHECK(t.jumps() == 1);
  }
}

TEST_CASE("timeline: stamps that stand still go on with the clock") {
  timeline t;
  for (int i = 0; i < 20; ++i) CHECK(t.place(0, 5000, 5000, at_ms(i * 40)).dts == i * 3600);
}

TEST_CASE("timeline: source time is kept, and only made to grow") {
  timeline t{stamp_mode::source};
  CHECK(t.place(0, 5000, 6000, at_ms(0)).dts == 5000);
  CHECK(t.place(0, 4000, 4000, at_ms(40)).dts == 5001);
  CHECK(t.place(0, 9000, 9000, at_ms(80)).dts == 9000);
}

TEST_CASE("timeline: by arrival, the pace is the sender's and the clock ours") {
  timeline t{stamp_mode::arrival};
  std::mt19937 random{3};
  std::int64_t last = -1;
  for (int i = 0; i < 500; ++i) {
    const auto jitter = static_cast<std::int64_t>(random() % 30);
    const auto p = t.place(0, 700'000 + i * 3600, 700'000 + i * 3600, at_ms(i * 40 + jitter));
    CHECK(p.dts > last);
    CHECK(std::abs(p.dts - i * 3600) < 45 * 90);
    last = p.dts;
  }
}

TEST_CASE("timeline: whatever comes in, time grows in every track and pts is not before dts") {
  std::mt19937_64 random{99};
  for (const auto mode : {stamp_mode::source, stamp_mode::arrival, stamp_mode::relative}) {
    timeline t{mode};
    std::array<std::int64_t, 2> last{INT64_MIN, INT64_MIN};
    auto now = start;
    for (int i = 0; i < 5000; ++i) {
      const auto track = random() % 2;
      now += milliseconds{random() % 100};
      const auto wild = [&] {
        return static_cast<std::int64_t>(random() >> (random() % 64)) - static_cast<std::int64_t>(random() % 1000);
      };
      const auto p = t.place(track, wild(), wild(), now);
      CHECK(p.dts > last[track]);
      CHECK(p.pts >= p.dts);
      last[track] = p.dts;
    }
  }
}

TEST_CASE("decoding_order: pictures in the order of B-frames get the times in which they are decoded") {
  decoding_order o;
  const std::int64_t pts[] = {0, 3, 1, 2, 6, 4, 5, 9, 7, 8};
  std::int64_t last = INT64_MIN;
  for (std::int64_t i = 0; i < 10; ++i) {
    const auto dts = o.place(pts[i] * 3600, 1, 3600);
    CHECK(dts == (i - 1) * 3600);
    CHECK(dts > last);
    CHECK(dts <= pts[i] * 3600);
    last = dts;
  }
}

TEST_CASE("decoding_order: without B-frames both times are the same") {
  decoding_order o;
  for (std::int64_t i = 0; i < 10; ++i) CHECK(o.place(i * 3000, 0, 3600) == i * 3000);
}

TEST_CASE("decoding_order: a depth that nobody announced is learned") {
  decoding_order o;
  const std::int64_t pts[] = {0, 3, 1, 2, 6, 4, 5, 9, 7, 8, 12, 10, 11};
  for (std::int64_t i = 0; i < 13; ++i) {
    const auto dts = o.place(pts[i] * 3600, 0, 3600);
    CHECK(dts <= pts[i] * 3600);
    if (i >= 5) CHECK(dts == (i - 1) * 3600);
  }
}
