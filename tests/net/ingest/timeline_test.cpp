#include "net/ingest/timeline.hpp"

#include <limits>
#include <random>
#include <vector>

#include "net/ingest/decoding_order.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/long_run.hpp"

using namespace berth::net;
using std::chrono::milliseconds;

namespace {

const time_point start{std::chrono::seconds{50}};

time_point at_ms(std::int64_t ms) { return start + milliseconds{ms}; }

}  // namespace

TEST_CASE("stamp_unwrapper: 33 and 32 bits go on across the wrap, in both directions", "[timeline]") {
  for (const unsigned bits : {33U, 32U}) {
    const std::int64_t range = std::int64_t{1} << bits;
    stamp_unwrapper u{bits};
    CHECK(u.unwrap(static_cast<std::uint64_t>(range - 100)) == range - 100);
    CHECK(u.unwrap(50) == range + 50);
    CHECK(u.unwrap(static_cast<std::uint64_t>(range - 10)) == range - 10);
    CHECK(u.unwrap(0) == range);
  }
}

TEST_CASE("rescale: rounds to the nearest and does not overflow", "[timeline]") {
  CHECK(rescale(8000, 8000) == 90000);
  CHECK(rescale(1, 8000) == 11);
  CHECK(rescale(1024, 44100) == 2090);
  CHECK(rescale(-1024, 44100) == -2090);
  CHECK(rescale(12345, 90000) == 12345);
}

TEST_CASE("timeline: relative time begins at 0 and keeps distances and composition", "[timeline]") {
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

TEST_CASE("timeline: a jump goes on at the pace before, for both tracks by the same", "[timeline]") {
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

TEST_CASE("timeline: stamps that stand still go on with the clock", "[timeline]") {
  timeline t;
  for (int i = 0; i < 20; ++i) CHECK(t.place(0, 5000, 5000, at_ms(i * 40)).dts == i * 3600);
}

TEST_CASE("timeline: source time is kept, and only made to grow", "[timeline]") {
  timeline t{stamp_mode::source};
  CHECK(t.place(0, 5000, 6000, at_ms(0)).dts == 5000);
  CHECK(t.place(0, 4000, 4000, at_ms(40)).dts == 5001);
  CHECK(t.place(0, 9000, 9000, at_ms(80)).dts == 9000);
}

TEST_CASE("timeline: by arrival, the pace is the sender's and the clock ours", "[timeline]") {
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

TEST_CASE("timeline: whatever comes in, time grows in every track and pts is not before dts", "[timeline]") {
  std::mt19937_64 random{99};
  for (const auto mode : {stamp_mode::source, stamp_mode::arrival, stamp_mode::relative}) {
    timeline t{mode};
    std::array<std::int64_t, 2> last{INT64_MIN, INT64_MIN};
    auto now = start;
    for (int i = 0; i < berth::tests::at_length(5000); ++i) {
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

TEST_CASE("stamp_unwrapper: goes before its first value, and takes half of the range for back", "[timeline]") {
  for (const unsigned bits : {33U, 32U}) {
    const std::int64_t range = std::int64_t{1} << bits;
    stamp_unwrapper u{bits};
    CHECK(u.unwrap(5) == 5);
    CHECK(u.unwrap(static_cast<std::uint64_t>(range - 5)) == -5);
    CHECK(u.unwrap(static_cast<std::uint64_t>(range / 2 - 6)) == range / 2 - 6);
    CHECK(u.unwrap(static_cast<std::uint64_t>(range - 6)) == -6);
    // More than `bits` bits: the others mean nothing.
    CHECK(u.unwrap(static_cast<std::uint64_t>(range) * 3 + 7) == 7);
    for (std::int64_t i = 1; i <= 20; ++i)
      CHECK(u.unwrap(static_cast<std::uint64_t>(i * (range / 4)) & static_cast<std::uint64_t>(range - 1)) ==
            i * (range / 4));
  }
}

TEST_CASE("rescale: is the nearest value for any rate, and bounded for any value", "[timeline]") {
  std::mt19937_64 random{7};
  for (int i = 0; i < berth::tests::at_length(20000); ++i) {
    const auto rate = static_cast<std::int64_t>((random() >> (32 + random() % 31)) + 1);
    const auto value = static_cast<std::int64_t>(random() >> (24 + random() % 30)) * (random() % 2 == 0 ? 1 : -1);
    const auto scaled = rescale(value, static_cast<std::uint32_t>(rate));
    if (std::abs(scaled) > std::numeric_limits<std::int64_t>::max() / rate / 2) continue;
    REQUIRE(std::abs(scaled * rate - value * 90000) * 2 <= rate);
  }
  constexpr auto most = std::int64_t{1} << 60;
  for (const std::uint32_t rate : {0U, 1U, 8000U, 90000U, 0xffffffffU}) {
    INFO(rate);
    const auto high = rescale(std::numeric_limits<std::int64_t>::max(), rate);
    const auto low = rescale(std::numeric_limits<std::int64_t>::min(), rate);
    CHECK(high <= most);
    CHECK(low >= -most);
    CHECK(high > 100'000'000'000'000);
    CHECK(low < -100'000'000'000'000);
  }
  CHECK(rescale(20'000'000'000'000, 1) == most);
}

TEST_CASE("timeline: a wrap of the sender's stamps is no jump", "[timeline]") {
  for (const unsigned bits : {33U, 32U}) {
    const auto mask = (std::uint64_t{1} << bits) - 1;
    stamp_unwrapper video{bits}, audio{bits};
    timeline t;
    for (int i = 0; i < 20; ++i) {
      const auto stamp = mask - 36'000 + static_cast<std::uint64_t>(i) * 3600;
      const auto v = video.unwrap(stamp & mask), a = audio.unwrap((stamp + 450) & mask);
      CHECK(t.place(0, v, v, at_ms(i * 40)).dts == i * 3600);
      CHECK(t.place(1, a, a, at_ms(i * 40)).dts == i * 3600 + 450);
    }
    CHECK(t.jumps() == 0);
  }
}

TEST_CASE("timeline: B-frames keep their composition, and nonsense is replaced", "[timeline]") {
  for (const auto mode : {stamp_mode::source, stamp_mode::relative}) {
    timeline t{mode};
    const std::int64_t first = mode == stamp_mode::source ? 90'000 : 0;
    const std::int64_t shown[] = {1, 4, 2, 3, 7, 5, 6};
    for (std::int64_t i = 0; i < 7; ++i) {
      const auto p = t.place(0, 90'000 + i * 3600, 90'000 + shown[i] * 3600, at_ms(i * 40));
      CHECK(p.dts == first + i * 3600);
      CHECK(p.pts == first + shown[i] * 3600);
    }
    struct {
      std::int64_t composition, expected;
    } const rows[] = {{-1, 0}, {450'000, 450'000}, {450'001, 0}, {-500'000, 0}};
    std::int64_t dts = 90'000 + 7 * 3600;
    for (const auto& row : rows) {
      const auto p = t.place(0, dts, dts + row.composition, at_ms(280));
      CHECK(p.pts - p.dts == row.expected);
      dts += 3600;
    }
  }
}

TEST_CASE("timeline: sound 500 ms older than the first picture is not put before 0, and stays with the picture",
          "[timeline]") {
  timeline t;
  CHECK(t.place(0, 100'000, 100'000, at_ms(0)).dts == 0);
  for (std::int64_t i = 0; i < 30; ++i) {
    // 40 ms each, from -500 ms on: 13 of them have no place of their own.
    const auto p = t.place(1, 55'000 + i * 3600, 55'000 + i * 3600, at_ms(i * 40));
    CHECK(p.dts == (i < 13 ? i : -45'000 + i * 3600));
    CHECK(p.pts == p.dts);
  }
  CHECK(t.jumps() == 0);

  timeline source{stamp_mode::source};
  CHECK(source.place(0, 100'000, 100'000, at_ms(0)).dts == 100'000);
  CHECK(source.place(1, -55'000, -55'000, at_ms(0)).dts == -55'000);
}

TEST_CASE("timeline: a track with another clock begins where the others are, after a long pause too", "[timeline]") {
  timeline t;
  for (std::int64_t i = 0; i < 10; ++i) t.place(0, i * 3600, i * 3600, at_ms(i * 40));
  // 400 s without a frame are not shown.
  CHECK(t.place(0, 36'000'000, 36'000'000, at_ms(400'000)).dts == 10 * 3600);
  CHECK(t.place(1, 7'000'000'000, 7'000'000'000, at_ms(400'010)).dts == 10 * 3600);
  CHECK(t.place(1, 7'000'001'800, 7'000'001'800, at_ms(400'030)).dts == 10 * 3600 + 1800);
}

TEST_CASE("timeline: a step ahead of 3 s is a pause, a longer one a jump", "[timeline]") {
  timeline t;
  t.place(0, 0, 0, at_ms(0));
  CHECK(t.place(0, 3600, 3600, at_ms(40)).dts == 3600);
  CHECK(t.place(0, 273'600, 273'600, at_ms(80)).dts == 273'600);
  CHECK(t.jumps() == 0);
  t.place(0, 277'200, 277'200, at_ms(120));
  CHECK(t.place(0, 547'201, 547'201, at_ms(160)).dts == 280'800);
  CHECK(t.jumps() == 1);
}

TEST_CASE("timeline: a jump goes on by the distance of arrival if that is sane, else by the last distance",
          "[timeline]") {
  struct {
    std::int64_t arrival_ms, expected;
  } const rows[] = {{40, 3600}, {500, 45'000}, {3000, 270'000}, {3001, 3600}, {0, 3600}, {-50, 3600}, {3, 3600}};
  for (const std::int64_t jump : {std::int64_t{-900'000}, std::int64_t{900'000}}) {
    for (const auto& row : rows) {
      INFO(row.arrival_ms);
      timeline t;
      t.place(0, 0, 0, at_ms(0));
      t.place(0, 3600, 3600, at_ms(40));
      CHECK(t.place(0, jump, jump, at_ms(40 + row.arrival_ms)).dts == 3600 + row.expected);
      CHECK(t.place(0, jump + 3600, jump + 3600, at_ms(80 + row.arrival_ms)).dts == 7200 + row.expected);
      CHECK(t.jumps() == 1);
    }
  }
}

TEST_CASE("timeline: picture and sound that jump one after the other stay together", "[timeline]") {
  // Sound runs ahead of the picture by so much, before and after; it makes the jump some frames earlier or later.
  for (const std::int64_t jump : {std::int64_t{-800'000}, std::int64_t{40'000'000}}) {
    for (const std::int64_t ahead : {std::int64_t{-9000}, std::int64_t{0}, std::int64_t{9000}}) {
      for (const int later : {-4, 0, 4}) {
        INFO(jump << ' ' << ahead << ' ' << later);
        timeline t;
        timeline::stamped v, a;
        for (int i = 0; i < 40; ++i) {
          const auto video = 1'000'000 + i * 3600 + (i >= 15 ? jump : 0);
          const auto audio = 1'000'000 + i * 3600 + ahead + (i >= 15 + later ? jump : 0);
          v = t.place(0, video, video, at_ms(i * 40));
          a = t.place(1, audio, audio, at_ms(i * 40));
        }
        CHECK(t.jumps() == 1);
        CHECK(a.dts - v.dts == ahead);
        CHECK(v.dts == 39 * 3600);
      }
    }
  }
}

TEST_CASE("timeline: after a restart of the sender sound that was ahead before is where its stamps say", "[timeline]") {
  timeline t;
  for (int i = 0; i < 10; ++i) {
    t.place(0, i * 3600, i * 3600, at_ms(i * 40));
    t.place(1, i * 3600 + 9000, i * 3600 + 9000, at_ms(i * 40));
  }
  timeline::stamped v, a;
  for (int i = 0; i < 10; ++i) {
    v = t.place(0, 50'000'000 + i * 3600, 50'000'000 + i * 3600, at_ms(400 + i * 40));
    a = t.place(1, 50'000'000 + i * 3600, 50'000'000 + i * 3600, at_ms(400 + i * 40));
  }
  CHECK(t.jumps() == 1);
  CHECK(v.dts == 19 * 3600);
  CHECK(a.dts == 19 * 3600);
}

TEST_CASE("timeline: a stamp that is wrong alone does not move the picture away from the sound", "[timeline]") {
  // A wrong line that comes again is known by then.
  struct {
    std::int64_t wrong;
    std::uint64_t jumps;
  } const rows[] = {{-7200, 10}, {-90'000, 10}, {-10'000'000, 1}, {300'000, 1}, {10'000'000, 1}};
  for (const auto& [wrong, jumps] : rows) {
    INFO(wrong);
    timeline t;
    for (int i = 0; i < 250; ++i) {
      const auto stamp = i * 3600 + (i % 25 == 20 ? wrong : 0);
      const auto v = t.place(0, stamp, stamp, at_ms(i * 40)).dts;
      CHECK(t.place(1, i * 3600, i * 3600, at_ms(i * 40)).dts == i * 3600);
      CHECK(std::abs(v - i * 3600) <= 1);
    }
    CHECK(t.jumps() == jumps);
  }
}

TEST_CASE("timeline: a track does not go back to a line that is more than 3 s ahead", "[timeline]") {
  timeline t;
  CHECK(t.place(0, 0, 0, at_ms(0)).dts == 0);
  CHECK(t.place(0, 163'840, 163'840, at_ms(8)).dts == 163'840);
  // 5.3 s ahead, and a clock of arrival that is of no use: by the last distance, which was long.
  CHECK(t.place(0, 640'000, 640'000, at_ms(-2000)).dts == 327'680);
  CHECK(t.place(0, 646'992, 646'992, at_ms(-2000)).dts == 334'672);
  CHECK(t.jumps() == 1);
}

TEST_CASE("timeline: two fields of one stamp do not make time run faster", "[timeline]") {
  timeline t;
  for (int i = 0; i < 250; ++i) {
    CHECK(t.place(0, i * 3600, i * 3600, at_ms(i * 40)).dts == i * 3600);
    // Of the first pair nobody knows yet that the stamps will move.
    CHECK(t.place(0, i * 3600, i * 3600, at_ms(i * 40 + 25)).dts == (i == 0 ? 2250 : i * 3600 + 1));
  }
}

TEST_CASE("timeline: sound that begins between two fields is in step with the picture", "[timeline]") {
  timeline t;
  t.place(0, 9000, 9000, at_ms(0));
  t.place(0, 9000, 9000, at_ms(25));
  for (int i = 0; i < 10; ++i) {
    CHECK(t.place(1, 9000 + i * 3600, 9000 + i * 3600, at_ms(i * 40 + 30)).dts == i * 3600);
    CHECK(t.place(0, 12'600 + i * 3600, 12'600 + i * 3600, at_ms(i * 40 + 40)).dts == 3600 + i * 3600);
  }
}

TEST_CASE("timeline: frozen stamps of frames that come in pairs take the time of the clock", "[timeline]") {
  timeline t;
  for (int i = 0; i < 10; ++i) t.place(0, i * 3600, i * 3600, at_ms(i * 40));
  std::int64_t last = 0;
  for (int i = 10; i < 200; ++i) {
    t.place(0, 32'400, 32'400, at_ms(i * 40));
    last = t.place(0, 32'400, 32'400, at_ms(i * 40 + 10)).dts;
  }
  CHECK(std::abs(last - 199 * 3600) <= 900);
}

TEST_CASE("timeline: stamps that freeze go on with the clock, and meet their line again when they catch up",
          "[timeline]") {
  for (const bool catches_up : {true, false}) {
    timeline t;
    std::int64_t last = -1;
    for (int i = 0; i < 100; ++i) {
      const int source = i < 50 ? i : i < 75 ? 50 : catches_up ? i : i - 24;
      const auto p = t.place(0, source * 3600, source * 3600, at_ms(i * 40)).dts;
      CHECK(p > last);
      // Until they are known to stand still the line waits for four frames.
      CHECK(p <= i * 3600 + 4);
      CHECK(p > (i - 4) * 3600);
      last = p;
    }
    CHECK(std::abs(last - 99 * 3600) <= 4);
    CHECK(t.jumps() == 0);
  }
}

TEST_CASE("timeline: frames of one stamp that come in bursts take the time of the clock", "[timeline]") {
  timeline t;
  std::int64_t last = -1;
  for (int i = 0; i < 100; ++i) {
    last = t.place(0, 5000, 5000, at_ms(i / 5 * 200)).dts;
    CHECK(last >= i / 5 * 18'000);
    CHECK(last < i / 5 * 18'000 + 200);
  }
}

TEST_CASE("timeline: by arrival, a jump of more than 1 s follows the clock at once", "[timeline]") {
  timeline t{stamp_mode::arrival};
  CHECK(t.place(0, 5'000'000, 5'003'600, at_ms(0)).dts == 0);
  CHECK(t.place(0, 5'003'600, 5'003'600, at_ms(40)).dts == 3600);
  CHECK(t.place(0, 9'000'000, 9'000'000, at_ms(80)).dts == 7200);
  CHECK(t.place(0, 10, 10, at_ms(120)).dts == 10'800);
  CHECK(t.jumps() == 2);
  // 320 ms late: a thirty-second of it.
  CHECK(t.place(0, 3610, 3610, at_ms(160 + 320)).dts == 14'400 + 900);
  CHECK(t.place(1, 77, 77, at_ms(500)).dts == 45'000);
  CHECK(t.jumps() == 2);
}

TEST_CASE("timeline: by arrival, stamps that stand still go on with the clock, and a fast sender is held back",
          "[timeline]") {
  timeline still{stamp_mode::arrival};
  for (int i = 0; i < 500; ++i) CHECK(still.place(0, 7, 7, at_ms(i * 40)).dts == i * 3600);
  CHECK(still.jumps() == 0);
  timeline fast{stamp_mode::arrival};
  for (int i = 0; i < 5000; ++i)
    CHECK(std::abs(fast.place(0, i * 3636, i * 3636, at_ms(i * 40)).dts - i * 3600) < 1300);
  CHECK(fast.jumps() == 0);
}

TEST_CASE("timeline: no stamp, no time of arrival and no track number is too much", "[timeline]") {
  const std::int64_t stamps[] = {std::numeric_limits<std::int64_t>::min(),
                                 std::numeric_limits<std::int64_t>::max(),
                                 0,
                                 -1,
                                 std::int64_t{1} << 60,
                                 -(std::int64_t{1} << 60),
                                 std::int64_t{1} << 33};
  const time_point arrivals[] = {time_point::min(), time_point::max(), time_point{}, start};
  std::mt19937 random{11};
  for (const auto mode : {stamp_mode::source, stamp_mode::arrival, stamp_mode::relative}) {
    for (int round = 0; round < berth::tests::at_length(200); ++round) {
      timeline t{mode};
      std::vector<std::optional<std::int64_t>> last(timeline::max_tracks);
      for (int i = 0; i < 100; ++i) {
        const std::size_t track = random() % 6;
        const auto p = t.place(track, stamps[random() % 7], stamps[random() % 7], arrivals[random() % 4]);
        auto& before = last[std::min(track, timeline::max_tracks - 1)];
        if (before) REQUIRE(p.dts > *before);
        REQUIRE(p.pts >= p.dts);
        REQUIRE(p.pts - p.dts <= timeline::max_composition);
        if (mode == stamp_mode::relative) REQUIRE(p.dts >= 0);
        before = p.dts;
      }
    }
  }
}

TEST_CASE("decoding_order: pictures in the order of B-frames get the times in which they are decoded",
          "[decoding_order]") {
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

TEST_CASE("decoding_order: without B-frames both times are the same", "[decoding_order]") {
  decoding_order o;
  for (std::int64_t i = 0; i < 10; ++i) CHECK(o.place(i * 3000, 0, 3600) == i * 3000);
}

TEST_CASE("decoding_order: a depth that nobody announced is learned", "[decoding_order]") {
  decoding_order o;
  const std::int64_t pts[] = {0, 3, 1, 2, 6, 4, 5, 9, 7, 8, 12, 10, 11};
  for (std::int64_t i = 0; i < 13; ++i) {
    const auto dts = o.place(pts[i] * 3600, 0, 3600);
    CHECK(dts <= pts[i] * 3600);
    if (i >= 5) CHECK(dts == (i - 1) * 3600);
  }
}
