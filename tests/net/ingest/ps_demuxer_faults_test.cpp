#include "net/ingest/ps_demuxer.hpp"

#include <random>

#include "tests/support/catch.hpp"
#include "tests/support/long_run.hpp"
#include "tests/support/ps_bench.hpp"

using namespace berth::net;
using namespace berth::tests;
using namespace berth::tests::ps;

// ---- lengths that lie ---------------------------------------------------------------------------------------------

TEST_CASE("ps_demuxer: 2.4.3.7: a PES packet of length 0 ends at the next code of the system layer", "[ps_demuxer]") {
  const auto payload = picture_bytes(3000);
  for (int code = 0; code < 256; ++code) {
    INFO("00 00 01 " << code);
    bench b;
    const bytes next{0, 0, 1, static_cast<std::uint8_t>(code), 0x44, 0, 4, 0, 4, 1, 0, 0x10, 3, 0xf8};
    b.push(pack() + pes(0xe0, payload, {.length = 0}) + next).end();
    REQUIRE_FALSE(b.units().empty());
    CHECK(b.units()[0].bytes == (code >= 0xb9 ? payload : payload + next));
  }
}

TEST_CASE("ps_demuxer: a PES packet goes on behind its length if no code of the system layer is there",
          "[ps_demuxer]") {
  struct row {
    const char* about;
    std::size_t size, length;
  };
  const row rows[] = {
      {"wrapped", 70000, (70000 + 8) & 0xffff}, {"wrapped twice", 140000, (140000 + 8) & 0xffff},
      {"cut at the largest", 80000, 0xffff},    {"wrapped to less than the header", 65536 - 8 + 4, 4},
      {"wrapped to nothing", 65536 - 8, 0},     {"one byte short", 500, 500 + 7},
      {"four bytes short", 500, 500 + 4},       {"ends in front of a NAL unit's start code", 500, 8 + 8}};
  for (const auto& r : rows) {
    INFO(r.about);
    const auto payload = picture_bytes(r.size);
    const auto s = stream(0xe0, codec::unknown);
    for (const std::size_t size : {1000000, 1400, 3, 1}) {
      INFO("pieces of " << size);
      bench b;
      b.in_pieces(pack() + pes(0xe0, payload, {.stamps = at(5), .length = r.length}), size).mark();
      CHECK_FALSE(b.out.open);
      b.in_pieces(pack() + pes(0xe0, picture_bytes(40), {.stamps = at(6)}), size).mark().end();
      CHECK(b.units() == std::vector<unit>{{s, at(5), payload}, {s, at(6), picture_bytes(40)}});
      CHECK(b.malformed() == 0);
    }
  }
}

TEST_CASE("ps_demuxer: a PES packet with a length is not searched for start codes", "[ps_demuxer]") {
  const auto payload = picture_bytes(50) + pack() + pes(0xc0, {1, 2}) + bytes{0, 0, 1, 0xb9, 0, 0, 1};
  bench b;
  b.push(pack() + pes(0xe0, payload) + pack()).end();
  CHECK(b.units() == std::vector<unit>{{stream(0xe0, codec::unknown), std::nullopt, payload}});
}

// ---- markers ------------------------------------------------------------------------------------------------------

TEST_CASE("ps_demuxer: a marker ends what is complete, and what only it can end", "[ps_demuxer]") {
  // The zeros at the end were held back: they might have begun a start code.
  for (const auto& tail : {bytes{}, bytes{0}, bytes{0, 0}, bytes{0, 0, 1}, bytes{0, 0, 0, 0}}) {
    INFO(tail.size() << " bytes of tail");
    const auto payload = picture_bytes(50) + tail;
    bench b;
    b.push(pes(0xe0, payload, {.length = 0})).mark();
    CHECK(b.units() == std::vector<unit>{{stream(0xe0, codec::unknown), std::nullopt, payload}});
    CHECK(b.out.access_unit_ends == std::vector<recording_sink::marker>{{1, false}});
    b.push(pack() + pes(0xe0, payload)).mark().end();
    CHECK(b.units().size() == 2);
    CHECK(b.units()[1].bytes == payload);
    CHECK(b.out.access_unit_ends == std::vector<recording_sink::marker>{{1, false}, {2, false}});
  }
}

TEST_CASE("ps_demuxer: a marker in the middle of a PES packet leaves it open, and the sink hears of it",
          "[ps_demuxer]") {
  const auto all = pack() + pes(0xe0, picture_bytes(500), {.stamps = at(1)});
  bench b;
  for (const auto v : all) b.push({v}).mark();
  REQUIRE(b.out.access_unit_ends.size() == all.size());
  CHECK(b.out.access_unit_ends.front() == recording_sink::marker{0, false});
  CHECK(b.out.access_unit_ends[all.size() - 2] == recording_sink::marker{1, true});
  CHECK(b.out.access_unit_ends.back() == recording_sink::marker{1, false});
  b.end();
  CHECK(b.units() == std::vector<unit>{{stream(0xe0, codec::unknown), at(1), picture_bytes(500)}});
}

TEST_CASE("ps_demuxer: an unbounded PES packet that a marker has ended too early goes on without stamps",
          "[ps_demuxer]") {
  const auto payload = picture_bytes(100);
  const bytes first{payload.begin(), payload.begin() + 60}, rest{payload.begin() + 60, payload.end()};
  bench b;
  b.push(pack() + pes(0xe0, first, {.stamps = at(1), .length = 0})).mark().push(rest).mark().push(pack()).end();
  const auto s = stream(0xe0, codec::unknown);
  CHECK(b.units() == std::vector<unit>{{s, at(1), first}, {s, std::nullopt, rest}});
  CHECK(b.malformed() == 0);
}

// ---- loss and junk ------------------------------------------------------------------------------------------------

TEST_CASE("ps_demuxer: a loss ends the PES packet under way, the next start code is found", "[ps_demuxer]") {
  const auto s = stream(0xe0, codec::unknown);
  const auto next = pack() + pes(0xe0, picture_bytes(40), {.stamps = at(2)});
  for (const bool unbounded : {false, true}) {
    const pes_fields fields{.stamps = at(1), .length = unbounded ? std::optional<std::size_t>{0} : std::nullopt};
    const auto whole = pack() + pes(0xe0, picture_bytes(300), fields);
    const auto header = whole.size() - 300;
    for (std::size_t there = 0; there < whole.size(); ++there)
      for (const std::size_t from : {there + 1, whole.size() - 20, whole.size()}) {
        if (from <= there) continue;
        INFO((unbounded ? "unbounded, " : "bounded, ") << there << " bytes, then those from " << from);
        bench b;
        b.demuxer.push(bytes_view{whole}.first(there));
        b.lose();
        CHECK_FALSE(b.out.open);
        b.demuxer.push(bytes_view{whole}.subspan(from));
        b.push(next).mark().end();
        const bool begun = there >= header;
        // What comes of a pack header's rest is looked through; the PES packet behind it is whole.
        const bool second = from <= 14;
        REQUIRE(b.units().size() == (begun || second ? 2U : 1U));
        CHECK(b.units().back() == unit{s, at(2), picture_bytes(40)});
        if (begun) {
          CHECK(b.units()[0].damaged);
          // What may have been the beginning of a start code is not passed on.
          const auto missing = there - header - b.units()[0].bytes.size();
          CHECK(missing <= (unbounded ? 3U : 0U));
        }
        if (second) CHECK(b.units()[0] == unit{s, at(1), picture_bytes(300)});
        CHECK(b.out.losses == std::vector<std::size_t>{begun ? 1U : 0U});
      }
  }
}

TEST_CASE("ps_demuxer: garbage between packets is stepped over and counted once", "[ps_demuxer]") {
  const auto p = pes(0xe0, picture_bytes(40));
  for (const auto& garbage : {bytes{5}, bytes{0, 0}, bytes{0, 0, 1}, bytes(100, 0x47), bytes{0, 0, 1, 0x65, 9, 9, 0},
                              bytes(70, 0), bytes(5000, 0xff)}) {
    INFO(garbage.size() << " bytes of " << int{garbage[0]});
    for (const std::size_t size : {100000, 5, 1}) {
      bench b;
      b.in_pieces(pack() + garbage + pack() + p + pack() + garbage + system_header() + p, size).end();
      CHECK(b.units().size() == 2);
      for (const auto& u : b.units()) CHECK(u == unit{stream(0xe0, codec::unknown), std::nullopt, picture_bytes(40)});
      CHECK(b.malformed() == 2);
    }
  }
}

TEST_CASE("ps_demuxer: a start code in front of no PES packet of MPEG-2 costs nothing behind it", "[ps_demuxer]") {
  // As long as its header_data_length says, the bytes would reach far into what follows.
  for (const int flags : {0x00, 0x21, 0x4f, 0xff}) {
    const bytes broken{0, 0, 1, 0xe0, 0x10, 0, static_cast<std::uint8_t>(flags), 0xff, 0xff};
    for (std::size_t n = 4; n <= broken.size(); ++n)
      for (const std::size_t size : {1000, 4, 1}) {
        INFO("flags " << flags << ", " << n << " bytes, in pieces of " << size);
        bench b;
        b.in_pieces(bytes{broken.begin(), broken.begin() + static_cast<std::ptrdiff_t>(n)} + pack() +
                        pes(0xe0, picture_bytes(300)),
                    size)
            .end();
        CHECK(b.malformed() == 1);
        CHECK(b.units() == std::vector<unit>{{stream(0xe0, codec::unknown), std::nullopt, picture_bytes(300)}});
      }
  }
}

TEST_CASE("ps_demuxer: a stream that is cut anywhere gives what was whole, and no more", "[ps_demuxer]") {
  const whole_stream s;
  std::size_t last = 0;
  for (std::size_t n = 0; n <= s.all.size(); ++n) {
    INFO("the first " << n << " bytes");
    bench b;
    b.demuxer.push(bytes_view{s.all}.first(n));
    b.end();
    CHECK(b.units().size() >= last);
    last = b.units().size();
    CHECK(b.malformed() == 0);
    for (std::size_t i = 0; i < last; ++i) {
      const auto& got = b.units()[i];
      const auto& expected = s.units[i];
      CHECK(got.stream == expected.stream);
      CHECK(got.stamps == expected.stamps);
      // What is unbounded may keep the beginning of a start code whose end never came.
      const auto same = std::min(got.bytes.size(), expected.bytes.size());
      CHECK(got.bytes.size() <= expected.bytes.size() + (i >= 2 ? 3 : 0));
      CHECK(
          std::equal(got.bytes.begin(), got.bytes.begin() + static_cast<std::ptrdiff_t>(same), expected.bytes.begin()));
      if (i + 1 < last) CHECK(got == expected);
      // Only the length tells that bytes are missing: of the second picture it is not said, of the tail it lies.
      if (i == 0 && got.bytes.size() < expected.bytes.size()) CHECK(got.damaged);
    }
  }
  CHECK(last == s.units.size());
}

TEST_CASE("ps_demuxer: after junk without end it works again, and bytes given are never more than came",
          "[ps_demuxer]") {
  std::mt19937 random{5};
  bench b;
  std::size_t pushed = 0;
  for (int i = 0; i < at_length(3000); ++i) {
    bytes junk(random() % 1400);
    // Mostly zeros and ones, so that many start codes come of it.
    for (auto& v : junk) v = static_cast<std::uint8_t>(random() % 4 == 0 ? 0xb0 + random() % 80 : random() % 2);
    b.push(junk);
    pushed += junk.size();
    if (random() % 10 == 0) b.mark();
    if (random() % 50 == 0) b.lose();
  }
  CHECK(b.out.sound);
  std::size_t given = 0;
  for (const auto& u : b.units()) given += u.bytes.size();
  CHECK(given <= pushed);
  CHECK(b.malformed() > 0);
  b.lose();
  const auto before = b.units().size();
  b.push(bytes(300, 0x01) + pack() + map({{0x1b, 0xe0}}) + pes(0xe0, picture_bytes(100), {.stamps = at(9)}))
      .mark()
      .end();
  REQUIRE(b.units().size() == before + 1);
  CHECK(b.units().back() == unit{stream(0xe0, codec::h264), at(9), picture_bytes(100)});
}

TEST_CASE("ps_demuxer: after a flush it begins anew and still knows the map", "[ps_demuxer]") {
  bench b;
  b.push(pack() + map({{0x1b, 0xe0}}) + pes(0xe0, picture_bytes(100), {.length = 500})).end();
  REQUIRE(b.units().size() == 1);
  CHECK(b.units()[0].damaged);
  b.push({1, 2, 3}).push(pes(0xe0, picture_bytes(50))).end();
  REQUIRE(b.units().size() == 2);
  CHECK(b.units()[1] == unit{stream(0xe0, codec::h264), std::nullopt, picture_bytes(50)});
}
