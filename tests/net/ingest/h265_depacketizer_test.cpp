#include "net/ingest/h265_depacketizer.hpp"

#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/depacketizer_bench.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

struct h265_bench : depacketizer_bench<h265_depacketizer> {
  h265_bench() : depacketizer_bench(std::uint8_t{97}) {}
};

// Of an encoder: 640 x 360, Main.
const bytes vps{0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00,
                0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x3f, 0x95, 0x94, 0x09};
const bytes h265_sps{0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,
                     0x03, 0x00, 0x3f, 0xa0, 0x05, 0x02, 0x01, 0x71, 0xf2, 0xe5, 0x95, 0x95, 0x29, 0x30, 0xbc,
                     0x05, 0xa0, 0x20, 0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x03, 0x03, 0x21};
const bytes h265_pps{0x44, 0x01, 0xc0, 0x73, 0xc1, 0x89};
const bytes h265_idr{0x26, 0x01, 0xaf, 0x0e, 0x30};
const bytes slice{0x02, 0x01, 0xd0};

/// The NAL unit 26 01 01 02 .. 0c in fragmentation units of two bytes each.
std::vector<bytes> six_h265_fragments() {
  std::vector<bytes> packets;
  for (std::uint8_t i = 0; i < 6; ++i) {
    const auto first = static_cast<std::uint8_t>(2 * i + 1);
    const auto bits = static_cast<std::uint8_t>(i == 0 ? 0x80 : i == 5 ? 0x40 : 0);
    packets.push_back({0x62, 0x01, static_cast<std::uint8_t>(bits | 19), first, static_cast<std::uint8_t>(first + 1)});
  }
  return packets;
}

std::string hex(int value) {
  constexpr const char* digits = "0123456789abcdef";
  return {digits[value >> 4], digits[value & 15]};
}

}  // namespace

TEST_CASE("h265_depacketizer RFC 7798 4.4.1: a single NAL unit goes through as it is", "[h265_depacketizer]") {
  for (int type = 0; type < 48; ++type) {
    INFO("type " << type);
    h265_bench b;
    const bytes payload{static_cast<std::uint8_t>(type << 1 | 1), 0xff, 0xaa, 0x00};
    b.unpacker.push({0xffffffff, true, payload});
    CHECK(b.out.last_piece.data() == payload.data());
    CHECK(b.out.taken() == "begin 4294967295 | nal " + hex(type << 1 | 1) + " ff aa 00 | end | au");
    CHECK(b.out.last_stream == elementary_stream{97, codec::h265, 90000, 32});
    CHECK(b.malformed() == 0);
  }
}

TEST_CASE("h265_depacketizer RFC 7798 4.1: a unit ends with the marker or the time stamp", "[h265_depacketizer]") {
  h265_bench b;
  SECTION("marker on the last packet") {
    CHECK(b.push(slice) == "begin 1 | nal 02 01 d0");
    CHECK(b.push(slice, 1, true) == "nal 02 01 d0 | end | au");
    CHECK(b.push(slice, 2) == "begin 2 | nal 02 01 d0");
    CHECK(b.flush() == "end");
  }
  SECTION("never a marker") {
    b.push(slice, 9000);
    CHECK(b.push(slice, 5400) == "end | begin 5400 | nal 02 01 d0");
  }
  SECTION("a marker on each packet") {
    CHECK(b.push(slice, 7, true) == "begin 7 | nal 02 01 d0 | end | au");
    CHECK(b.push(slice, 7, true) == "begin 7 | nal 02 01 d0 | end | au");
  }
  CHECK(b.malformed() == 0);
}

TEST_CASE("h265_depacketizer RFC 7798 4.4.2: aggregation packets are taken apart", "[h265_depacketizer]") {
  struct row {
    const char* about;
    bytes payload;
    std::string expected;
    std::uint64_t malformed;
  };
  const bytes head{0x60, 0x01}, a{0x40, 0x01, 7}, z{0x44, 0x01};
  const row rows[] = {
      {"two", joined({head, sized(a), sized(z)}), "nal 40 01 07 | nal 44 01 | end", 0},
      {"header only", head, "damaged", 1},
      {"half a size", joined({head, sized(a), {0}}), "nal 40 01 07 | damaged", 1},
      {"size beyond the end", joined({head, sized(a), {0, 3, 0x44, 1}}), "nal 40 01 07 | damaged", 1},
      {"size of 65535", joined({head, {0xff, 0xff, 0x26, 1}}), "damaged", 1},
      {"a size of 0 leaves nothing out", joined({head, {0, 0}, sized(a)}), "nal 40 01 07 | end", 1},
      {"half a header", joined({head, sized({0x40}), sized(z)}), "nal 44 01 | damaged", 1},
      {"temporal id -1", joined({head, sized({0x40, 0, 7}), sized(z)}), "nal 44 01 | damaged", 1},
      {"forbidden bit", joined({head, sized({0xc0, 1, 7}), sized(z)}), "nal 44 01 | damaged", 1},
      {"nested", joined({head, sized(joined({head, sized(a)})), sized(z)}), "nal 44 01 | damaged", 1},
      {"a fragment inside", joined({head, sized({0x62, 1, 0x93, 1}), sized(z)}), "nal 44 01 | damaged", 1},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    h265_bench b;
    const auto got = b.push(r.payload, 1, true);
    CHECK(got == "begin 1 | " + r.expected + " | au");
    CHECK(b.malformed() == r.malformed);
  }
}

TEST_CASE("h265_depacketizer RFC 7798 4.4: what is not unpacked", "[h265_depacketizer]") {
  struct row {
    const char* about;
    bytes payload;
    std::string expected;
  };
  const row rows[] = {
      {"PACI is content", {0x64, 1, 0x26, 0, 1, 2}, "damaged"},
      {"type 51 is not specified", {0x66, 1, 2}, "end"},
      {"type 63 is not specified", {0x7e, 1, 2}, "end"},
      {"the forbidden bit", {0xa6, 1, 2}, "damaged"},
      {"temporal id -1", {0x26, 0, 2}, "damaged"},
      {"half a header", {0x26}, "damaged"},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    h265_bench b;
    CHECK(b.push(r.payload) == "begin 1");
    CHECK(b.push(slice, 1, true) == "nal 02 01 d0 | " + r.expected + " | au");
    CHECK(b.malformed() == 1);
  }
  h265_bench b;
  CHECK(b.push({}, 1, true).empty());
  CHECK(b.malformed() == 1);
}

TEST_CASE("h265_depacketizer RFC 7798 4.4.3: fragments become one NAL unit, uncopied", "[h265_depacketizer]") {
  h265_bench b;
  const auto packets = six_h265_fragments();
  for (std::size_t i = 0; i < packets.size(); ++i) {
    b.unpacker.push({1, i == 5, packets[i]});
    CHECK(b.out.last_piece.data() == packets[i].data() + 3);
  }
  CHECK(b.out.taken() == "begin 1 | nal 26 01 01 02 03 04 05 06 07 08 09 0a 0b 0c | end | au");
  CHECK(b.malformed() == 0);
}

TEST_CASE("h265_depacketizer RFC 7798 4.4.3: the NAL unit header keeps layer and temporal id", "[h265_depacketizer]") {
  for (int type = 0; type < 64; ++type) {
    INFO("type " << type);
    h265_bench b;
    const auto got = b.push({0x63, 0xfd, static_cast<std::uint8_t>(0xc0 | type), 7}, 1, true);
    const bool can_be_fragmented = type < 48;
    CHECK(got ==
          (can_be_fragmented ? "begin 1 | nal " + hex(type << 1 | 1) + " fd 07 | end | au" : "begin 1 | damaged | au"));
    CHECK(b.malformed() == (can_be_fragmented ? 0 : 1));
  }
}

TEST_CASE("h265_depacketizer RFC 7798 4.4.3: fragments out of place damage their unit only", "[h265_depacketizer]") {
  const bytes start{0x62, 1, 0x93, 1}, middle{0x62, 1, 0x13, 2}, end{0x62, 1, 0x53, 3};
  h265_bench b;
  std::uint64_t malformed = 0;
  SECTION("a middle without a start") {
    CHECK(b.push(middle) == "begin 1");
    CHECK(b.push(slice, 1, true) == "nal 02 01 d0 | damaged | au");
  }
  SECTION("an end without a start") { CHECK(b.push(end, 1, true) == "begin 1 | damaged | au"); }
  SECTION("a start in place of the end") {
    b.push(start);
    CHECK(b.push(start) == "nal 26 01 01");
    CHECK(b.push(end, 1, true) == " 03 | damaged | au");
  }
  SECTION("a NAL unit in place of the end") {
    b.push(start);
    CHECK(b.push(slice) == "nal 02 01 d0");
    CHECK(b.push(end, 1, true) == "damaged | au");
  }
  SECTION("the next time stamp in place of the end") {
    b.push(start);
    CHECK(b.push(slice, 2, true) == "damaged | begin 2 | nal 02 01 d0 | end | au");
  }
  SECTION("a marker in the middle is not believed") {
    CHECK(b.push(start, 1, true) == "begin 1 | nal 26 01 01");
    CHECK(b.push(middle, 1, true) == " 02");
    CHECK(b.push(end, 1, true) == " 03 | end | au");
  }
  SECTION("flush in the middle") {
    b.push(start);
    CHECK(b.flush() == "damaged");
  }
  SECTION("empty fragments are counted, and their bits are heeded") {
    CHECK(b.push({0x62, 1, 0x93}) == "begin 1 | nal 26 01");
    CHECK(b.push({0x62, 1, 0x53}, 1, true) == "end | au");
    malformed = 2;
  }
  SECTION("no FU header") {
    CHECK(b.push({0x62, 1}, 1, true) == "begin 1 | damaged | au");
    malformed = 1;
  }
  CHECK(b.malformed() == malformed);
  b.flush();
  CHECK(b.push(slice, 50, true) == "begin 50 | nal 02 01 d0 | end | au");
}

TEST_CASE("h265_depacketizer RFC 7798 4.4.3: each single fragment of six lost", "[h265_depacketizer]") {
  const auto packets = six_h265_fragments();
  const std::string heads[] = {
      "", " 01 02", " 01 02 03 04", " 01 02 03 04 05 06", " 01 02 03 04 05 06 07 08", " 01 02 03 04 05 06 07 08 09 0a"};
  for (std::size_t missing = 0; missing < packets.size(); ++missing) {
    INFO("missing " << missing);
    h265_bench b;
    b.push(slice, 1, true);
    for (std::size_t i = 0; i < packets.size(); ++i) {
      if (i == missing) continue;
      if (i == missing + 1) b.unpacker.lost();
      b.unpacker.push({2, i == 5, packets[i]});
    }
    const auto got = b.out.taken();
    if (missing == 0)
      CHECK(got == "lost | begin 2 | damaged | au");
    else if (missing == 5)
      CHECK(got == "begin 2 | nal 26 01" + heads[5]);
    else
      CHECK(got == "begin 2 | nal 26 01" + heads[missing] + " | damaged | lost | begin 2 | damaged | au");
    if (missing == 5) CHECK(b.lost() == "damaged | lost");
    CHECK(b.push(slice, 3, true) == "begin 3 | nal 02 01 d0 | end | au");
    CHECK(b.malformed() == 0);
  }
}

TEST_CASE("h265_depacketizer: start codes are taken off", "[h265_depacketizer]") {
  h265_bench b;
  CHECK(b.push({0, 0, 0, 1, 0x26, 1, 7, 0}, 1, true) == "begin 1 | nal 26 01 07 00 | end | au");
  CHECK(b.push({0, 0, 1, 0x40, 1, 7, 0, 0, 0, 1, 0x44, 1}, 2, true) == "begin 2 | nal 40 01 07 | nal 44 01 | end | au");
  CHECK(b.push({0, 0, 1, 0x62, 1, 0x93, 1}, 3) == "begin 3 | nal 26 01 01");
  CHECK(b.push({0x62, 1, 0x53, 2}, 3, true) == " 02 | end | au");
  CHECK(b.malformed() == 0);
}

TEST_CASE("h265_depacketizer: every truncation of every packet type", "[h265_depacketizer]") {
  const bytes whole[] = {joined({{0x60, 1}, sized(vps), sized(h265_sps), sized(h265_pps)}),
                         joined({{0x62, 1, 0x93}, h265_idr}),
                         joined({{0x62, 1, 0x53}, h265_idr}),
                         joined({{0x64, 1, 0x26, 0x10, 0, 0}, h265_idr}),
                         joined({{0, 0, 0, 1}, vps, {0, 0, 0, 1}, h265_sps}),
                         vps,
                         h265_sps,
                         h265_idr};
  for (const auto& packet : whole) {
    h265_bench b;
    for (std::size_t size = 0; size < packet.size(); ++size) {
      // A block of its own size: the sanitizer sees a step beyond it.
      const bytes cut(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size));
      b.push(cut, static_cast<std::uint32_t>(size));
      looks_like_h265(cut);
    }
    b.flush();
    CHECK(b.push(slice, 1000, true) == "begin 1000 | nal 02 01 d0 | end | au");
  }
}

TEST_CASE("h265_depacketizer: noise ends no stream", "[h265_depacketizer]") {
  h265_bench b;
  std::uint32_t state = 1;
  const auto next = [&] { return state = state * 1664525 + 1013904223, static_cast<std::uint8_t>(state >> 24); };
  for (int i = 0; i < 20000; ++i) {
    bytes noise(std::size_t{next()} % 40);
    for (auto& v : noise) v = next();
    if (next() < 8) b.unpacker.lost();
    const std::uint32_t timestamp = next() % 4;
    b.push(noise, timestamp, next() % 4 == 0);
  }
  b.flush();
  CHECK(b.malformed() > 5000);
  CHECK(b.push(slice, 1000, true) == "begin 1000 | nal 02 01 d0 | end | au");
}

TEST_CASE("h265_depacketizer: what looks like H.265", "[h265_depacketizer]") {
  using enum likeness;
  struct row {
    const char* about;
    bytes payload;
    likeness expected;
  };
  const auto changed = [](bytes b, std::size_t at, std::uint8_t to) {
    b[at] = to;
    return b;
  };
  const row rows[] = {
      {"nothing", {}, no},
      {"half a header", {0x40}, no},
      {"VPS", vps, yes},
      {"VPS behind a start code", joined({{0, 0, 1}, vps}), yes},
      {"VPS without its reserved ones", changed(vps, 4, 0xfe), no},
      {"VPS without a base layer", changed(vps, 2, 0x00), no},
      {"VPS of another layer", changed(vps, 1, 0x09), no},
      {"VPS of a sub-layer", changed(vps, 1, 0x02), no},
      {"VPS of a packet's size", joined({vps, bytes(1100, 0x55)}), no},
      {"SPS", h265_sps, yes},
      {"SPS of no profile", changed(h265_sps, 3, 0x1f), no},
      {"SPS cut before the size", bytes(h265_sps.begin(), h265_sps.begin() + 18), no},
      {"PPS", h265_pps, maybe},
      {"IDR slice", h265_idr, maybe},
      {"IDR slice of a sub-layer", changed(h265_idr, 1, 2), no},
      {"slice", slice, maybe},
      {"SEI", {0x4e, 1, 5, 1}, maybe},
      {"reserved slice", {0x14, 1, 0x80}, no},
      {"reserved", {0x52, 1, 0x80}, no},
      {"forbidden bit", {0xc0, 1, 0x0c, 1}, no},
      {"temporal id -1", {0x40, 0, 0x0c, 1}, no},
      {"aggregate of parameter sets", joined({{0x60, 1}, sized(vps), sized(h265_sps)}), yes},
      {"aggregate of slices", joined({{0x60, 1}, sized(slice), sized(slice)}), maybe},
      {"aggregate whose sizes do not come out even", joined({{0x60, 1}, sized(vps), {0}}), no},
      {"aggregate of nothing", {0x60, 1}, no},
      {"fragment, IDR, start", {0x62, 1, 0x93, 0xaf}, yes},
      {"fragment, slice, start", {0x62, 1, 0x81, 0xd0}, yes},
      {"fragment, start of a second slice", {0x62, 1, 0x81, 0x50}, maybe},
      {"fragment, middle", {0x62, 1, 0x01, 0xd0}, maybe},
      {"fragment of an SEI, start", {0x62, 1, 0xa7, 0xd0}, maybe},
      {"fragment, start and end", {0x62, 1, 0xc1, 0xd0}, no},
      {"fragment, reserved slice", {0x62, 1, 0x8a, 0xd0}, no},
      {"fragment, IDR of a sub-layer", {0x62, 2, 0x93, 0xaf}, no},
      {"fragment of nothing", {0x62, 1, 0x93}, no},
      {"PACI", {0x64, 1, 0x26, 0, 1}, no},
      {"PS pack", {0, 0, 1, 0xba, 0x44, 0, 4, 0, 4, 1}, no},
      {"PES", {0, 0, 1, 0xe0, 0, 10, 0x80, 0x80}, no},
      {"TS", {0x47, 0x40, 0x11, 0x10}, no},
      {"H.264 SPS", {0x67, 0x64, 0x00, 0x1e, 0xac}, no},
      {"H.264 FU-A", {0x7c, 0x85, 0x88, 0x84}, no},
      {"H.264 STAP-A", {0x78, 0x00, 0x02, 0x67, 0x64}, no},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    CHECK(looks_like_h265(r.payload) == r.expected);
  }
}

TEST_CASE("h265_depacketizer: noise is hardly ever surely H.265", "[h265_depacketizer]") {
  std::uint64_t state = 1;
  const auto next = [&] {
    return state = state * 6364136223846793005U + 1442695040888963407U, static_cast<std::uint8_t>(state >> 56);
  };
  int accidents = 0;
  bytes noise(160);
  for (int i = 0; i < 200000; ++i) {
    for (std::size_t k = 0; k < 24; ++k) noise[k] = next();
    accidents += looks_like_h265(noise) == likeness::yes ? 1 : 0;
  }
  CHECK(accidents <= 2);
}
