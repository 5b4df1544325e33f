#include "net/ingest/h264_depacketizer.hpp"

#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/depacketizer_bench.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

struct h264_bench : depacketizer_bench<h264_depacketizer> {
  h264_bench() : depacketizer_bench(std::uint8_t{96}) {}
};

// Of an encoder: 640 x 360, High.
const bytes sps{0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00,
                0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f, 0x16, 0x2d, 0x96};
const bytes pps{0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0};
const bytes idr{0x65, 0x88, 0x84, 0x03, 0xff, 0xd1, 0xb7};

/// The NAL unit 65 01 02 .. 0c in FU-A packets of two bytes each.
std::vector<bytes> six_fragments() {
  std::vector<bytes> packets;
  for (std::uint8_t i = 0; i < 6; ++i) {
    const auto first = static_cast<std::uint8_t>(2 * i + 1);
    const auto bits = static_cast<std::uint8_t>(i == 0 ? 0x80 : i == 5 ? 0x40 : 0);
    packets.push_back({0x7c, static_cast<std::uint8_t>(bits | 5), first, static_cast<std::uint8_t>(first + 1)});
  }
  return packets;
}

}  // namespace

TEST_CASE("h264_depacketizer RFC 6184 5.6: a single NAL unit goes through as it is", "[h264_depacketizer]") {
  for (int type = 1; type <= 23; ++type) {
    INFO("type " << type);
    h264_bench b;
    const bytes payload{static_cast<std::uint8_t>(0x60 | type), 0xaa, 0x00};
    b.unpacker.push({0xffffffff, true, payload});
    CHECK(b.out.last_piece.data() == payload.data());
    const char tens = type < 16 ? '6' : '7';
    CHECK(b.out.taken() ==
          std::string("begin 4294967295 | nal ") + tens + "0123456789abcdef"[type & 15] + " aa 00 | end | au");
    CHECK(b.out.last_stream == elementary_stream{96, codec::h264, 90000, 32});
    CHECK(b.malformed() == 0);
  }
}

TEST_CASE("h264_depacketizer RFC 6184 5.1: a unit ends with the marker or the time stamp", "[h264_depacketizer]") {
  h264_bench b;
  SECTION("marker on the last packet") {
    CHECK(b.push({0x41, 1}) == "begin 1 | nal 41 01");
    CHECK(b.push({0x41, 2}, 1, true) == "nal 41 02 | end | au");
    CHECK(b.push({0x41, 3}, 2) == "begin 2 | nal 41 03");
    CHECK(b.flush() == "end");
  }
  SECTION("never a marker") {
    CHECK(b.push({0x41, 1}, 9000) == "begin 9000 | nal 41 01");
    CHECK(b.push({0x41, 2}, 9000) == "nal 41 02");
    CHECK(b.push({0x41, 3}, 5400) == "end | begin 5400 | nal 41 03");
  }
  SECTION("a marker on each packet") {
    CHECK(b.push({0x41, 1}, 7, true) == "begin 7 | nal 41 01 | end | au");
    CHECK(b.push({0x41, 2}, 7, true) == "begin 7 | nal 41 02 | end | au");
  }
  SECTION("flush ends once") {
    CHECK(b.flush().empty());
    b.push({0x41, 1});
    CHECK(b.flush() == "end");
    CHECK(b.flush().empty());
    CHECK(b.push({0x41, 2}, 1, true) == "begin 1 | nal 41 02 | end | au");
  }
  CHECK(b.malformed() == 0);
}

TEST_CASE("h264_depacketizer RFC 6184 5.7.1: STAP-A and STAP-B are taken apart", "[h264_depacketizer]") {
  struct row {
    const char* about;
    bytes payload;
    std::string expected;
    std::uint64_t malformed;
  };
  const row rows[] = {
      {"two", joined({{0x78}, sized({0x67, 1}), sized({0x68})}), "nal 67 01 | nal 68 | end", 0},
      {"B: behind a DON", joined({{0x79, 0xd0, 0x0d}, sized({0x67, 1}), sized({0x68})}), "nal 67 01 | nal 68 | end", 0},
      {"header only", {0x78}, "damaged", 1},
      {"B: half a DON", {0x79, 0}, "damaged", 1},
      {"B: nothing behind the DON", {0x79, 0, 0}, "damaged", 1},
      {"half a size", joined({{0x78}, sized({0x67, 1}), {0}}), "nal 67 01 | damaged", 1},
      {"size beyond the end", joined({{0x78}, sized({0x67, 1}), {0, 2, 0x68}}), "nal 67 01 | damaged", 1},
      {"size of 65535", {0x78, 0xff, 0xff, 0x65, 1}, "damaged", 1},
      {"a size of 0 leaves nothing out", joined({{0x78, 0, 0}, sized({0x67, 1})}), "nal 67 01 | end", 1},
      {"nested STAP-A", joined({{0x78}, sized(joined({{0x78}, sized({0x65})})), sized({0x68})}), "nal 68 | damaged", 1},
      {"nested FU-A", joined({{0x78}, sized({0x7c, 0x85, 1}), sized({0x68})}), "nal 68 | damaged", 1},
      {"type 0 inside", joined({{0x78}, sized({0x60, 1}), sized({0x68})}), "nal 68 | damaged", 1},
      {"forbidden bit inside", joined({{0x78}, sized({0xe5, 1}), sized({0x68})}), "nal 68 | damaged", 1},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    h264_bench b;
    const auto got = b.push(r.payload, 1, true);
    CHECK(got == "begin 1 | " + r.expected + " | au");
    CHECK(b.malformed() == r.malformed);
  }
}

TEST_CASE("h264_depacketizer RFC 6184 5.2: what is not unpacked", "[h264_depacketizer]") {
  struct row {
    const char* about;
    bytes payload;
    std::string expected;
  };
  const row rows[] = {
      {"MTAP16 is content", joined({{0x7a, 0, 0}, {0, 1, 0, 0, 0}, {0x65}}), "damaged"},
      {"MTAP24 is content", joined({{0x7b, 0, 0}, {0, 1, 0, 0, 0, 0}, {0x65}}), "damaged"},
      {"type 0 is to be ignored", {0x60, 1, 2}, "end"},
      {"type 30 is to be ignored", {0x7e, 1, 2}, "end"},
      {"type 31 is to be ignored", {0x7f, 1, 2}, "end"},
      {"the forbidden bit says that bits are wrong", {0xe5, 1, 2}, "damaged"},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    h264_bench b;
    CHECK(b.push(r.payload) == "begin 1");
    CHECK(b.push({0x41, 9}, 1, true) == "nal 41 09 | " + r.expected + " | au");
    CHECK(b.malformed() == 1);
  }
  h264_bench b;
  CHECK(b.push({}, 1, true).empty());
  CHECK(b.malformed() == 1);
}

TEST_CASE("h264_depacketizer RFC 6184 5.8: FU-A fragments become one NAL unit, uncopied", "[h264_depacketizer]") {
  h264_bench b;
  const auto packets = six_fragments();
  for (std::size_t i = 0; i < packets.size(); ++i) {
    b.unpacker.push({1, i == 5, packets[i]});
    CHECK(b.out.last_piece.data() == packets[i].data() + 2);
  }
  CHECK(b.out.taken() == "begin 1 | nal 65 01 02 03 04 05 06 07 08 09 0a 0b 0c | end | au");
  CHECK(b.malformed() == 0);
}

TEST_CASE("h264_depacketizer RFC 6184 5.8: the NAL unit header is NRI of the indicator and type of the FU header",
          "[h264_depacketizer]") {
  for (int nri = 0; nri < 4; ++nri)
    for (int type = 1; type <= 23; ++type) {
      h264_bench b;
      const auto indicator = static_cast<std::uint8_t>(nri << 5 | 28);
      b.push({indicator, static_cast<std::uint8_t>(0x80 | type)});
      REQUIRE(b.out.last_piece.size() == 1);
      const bytes whole{indicator, static_cast<std::uint8_t>(0xc0 | type), 7};
      CHECK(b.push(whole, 2).substr(0, 22) == "damaged | begin 2 | na");
      const auto value = nri << 5 | type;
      const std::string digits = "0123456789abcdef";
      CHECK(b.push(whole, 3, true) == std::string("end | begin 3 | nal ") +
                                          digits[static_cast<std::size_t>(value >> 4)] + digits[value & 15] +
                                          " 07 | end | au");
    }
}

TEST_CASE("h264_depacketizer RFC 6184 5.8: FU-B fragments have a DON", "[h264_depacketizer]") {
  h264_bench b;
  CHECK(b.push({0x7d, 0x85, 0xd0, 0x0d, 1}) == "begin 1 | nal 65 01");
  CHECK(b.push({0x7c, 0x45, 2}, 1, true) == " 02 | end | au");
  CHECK(b.malformed() == 0);
}

TEST_CASE("h264_depacketizer RFC 6184 5.8: fragments out of place damage their unit only", "[h264_depacketizer]") {
  const bytes start{0x7c, 0x85, 1}, middle{0x7c, 0x05, 2}, end{0x7c, 0x45, 3};
  h264_bench b;
  std::uint64_t malformed = 0;
  SECTION("a middle without a start") {
    CHECK(b.push(middle) == "begin 1");
    CHECK(b.push(end) == "");
    CHECK(b.push({0x41, 1}, 1, true) == "nal 41 01 | damaged | au");
  }
  SECTION("an end without a start") { CHECK(b.push(end, 1, true) == "begin 1 | damaged | au"); }
  SECTION("a start in place of the end") {
    b.push(start);
    CHECK(b.push(start) == "nal 65 01");
    CHECK(b.push(end, 1, true) == " 03 | damaged | au");
  }
  SECTION("a NAL unit in place of the end") {
    b.push(start);
    CHECK(b.push({0x41, 1}) == "nal 41 01");
    CHECK(b.push(end, 1, true) == "damaged | au");
  }
  SECTION("a STAP-A in place of the end") {
    b.push(start);
    CHECK(b.push(joined({{0x78}, sized({0x41, 1})}), 1, true) == "nal 41 01 | damaged | au");
  }
  SECTION("the next time stamp in place of the end") {
    b.push(start);
    CHECK(b.push({0x41, 1}, 2, true) == "damaged | begin 2 | nal 41 01 | end | au");
  }
  SECTION("a marker in the middle is not believed") {
    CHECK(b.push(start, 1, true) == "begin 1 | nal 65 01");
    CHECK(b.push(middle, 1, true) == " 02");
    CHECK(b.push(end, 1, true) == " 03 | end | au");
  }
  SECTION("flush in the middle") {
    b.push(start);
    CHECK(b.flush() == "damaged");
    CHECK(b.push(end) == "begin 1");
    CHECK(b.flush() == "damaged");
  }
  SECTION("start and end at once") { CHECK(b.push({0x7c, 0xc5, 1}, 1, true) == "begin 1 | nal 65 01 | end | au"); }
  SECTION("empty fragments are counted, and their bits are heeded") {
    CHECK(b.push({0x7c, 0x85}) == "begin 1 | nal 65");
    CHECK(b.push(middle) == " 02");
    CHECK(b.push({0x7c, 0x45}, 1, true) == "end | au");
    malformed = 2;
  }
  SECTION("an indicator alone") {
    CHECK(b.push({0x7c}, 1, true) == "begin 1 | damaged | au");
    malformed = 1;
  }
  SECTION("a FU header that names a way to pack") {
    for (const int type : {0, 24, 28, 31}) b.push({0x7c, static_cast<std::uint8_t>(0x80 | type), 1});
    CHECK(b.flush() == "damaged");
    malformed = 4;
  }
  CHECK(b.malformed() == malformed);
  b.flush();
  CHECK(b.push({0x41, 8}, 50, true) == "begin 50 | nal 41 08 | end | au");
}

TEST_CASE("h264_depacketizer RFC 6184 5.8: each single fragment of six lost", "[h264_depacketizer]") {
  const auto packets = six_fragments();
  const std::string heads[] = {
      "", " 01 02", " 01 02 03 04", " 01 02 03 04 05 06", " 01 02 03 04 05 06 07 08", " 01 02 03 04 05 06 07 08 09 0a"};
  for (std::size_t missing = 0; missing < packets.size(); ++missing) {
    INFO("missing " << missing);
    h264_bench b;
    b.push({0x41, 1}, 1, true);
    for (std::size_t i = 0; i < packets.size(); ++i) {
      if (i == missing) continue;
      if (i == missing + 1) b.unpacker.lost();
      b.unpacker.push({2, i == 5, packets[i]});
    }
    const auto got = b.out.taken();
    if (missing == 0)
      CHECK(got == "lost | begin 2 | damaged | au");
    else if (missing == 5)
      CHECK(got == "begin 2 | nal 65" + heads[5]);
    else
      CHECK(got == "begin 2 | nal 65" + heads[missing] + " | damaged | lost | begin 2 | damaged | au");
    if (missing == 5) CHECK(b.lost() == "damaged | lost");
    CHECK(b.push({0x41, 2}, 3, true) == "begin 3 | nal 41 02 | end | au");
    CHECK(b.malformed() == 0);
  }
}

TEST_CASE("h264_depacketizer: loss is told once, and damages what it is in", "[h264_depacketizer]") {
  h264_bench b;
  CHECK(b.lost() == "lost");
  CHECK(b.push({0x41, 1}, 0) == "begin 0 | nal 41 01");
  CHECK(b.lost() == "damaged | lost");
  CHECK(b.lost() == "lost");
  SECTION("the unit goes on") { CHECK(b.push({0x41, 2}, 0, true) == "begin 0 | nal 41 02 | damaged | au"); }
  SECTION("another begins") { CHECK(b.push({0x41, 2}, 7, true) == "begin 7 | nal 41 02 | end | au"); }
  CHECK(b.push({0x41, 3}, 9, true) == "begin 9 | nal 41 03 | end | au");
}

TEST_CASE("h264_depacketizer: start codes are taken off", "[h264_depacketizer]") {
  h264_bench b;
  SECTION("four bytes") { CHECK(b.push({0, 0, 0, 1, 0x65, 1, 0}, 1, true) == "begin 1 | nal 65 01 00 | end | au"); }
  SECTION("three bytes") { CHECK(b.push({0, 0, 1, 0x65, 1}, 1, true) == "begin 1 | nal 65 01 | end | au"); }
  SECTION("several") {
    CHECK(b.push({0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2, 0, 0, 1, 0x65, 3}, 1, true) ==
          "begin 1 | nal 67 01 | nal 68 02 | nal 65 03 | end | au");
  }
  SECTION("before fragments") {
    CHECK(b.push({0, 0, 0, 1, 0x7c, 0x85, 1}) == "begin 1 | nal 65 01");
    CHECK(b.push({0x7c, 0x45, 0}, 1, true) == " 00 | end | au");
  }
  SECTION("nothing behind them") {
    CHECK(b.push({0, 0, 0, 1}, 1, true) == "begin 1 | end | au");
    CHECK(b.push({0, 0, 1, 0, 0, 1}, 2, true) == "begin 2 | end | au");
  }
  CHECK(b.malformed() == 0);
}

TEST_CASE("h264_depacketizer: every truncation of every packet type", "[h264_depacketizer]") {
  const bytes whole[] = {joined({{0x78}, sized(sps), sized(pps), sized(idr)}),
                         joined({{0x79, 0, 1}, sized(sps), sized(pps)}),
                         joined({{0x7a, 0, 1}, {0, 2, 0, 0, 0, 0x65, 1}}),
                         joined({{0x7b, 0, 1}, {0, 2, 0, 0, 0, 0, 0x65, 1}}),
                         joined({{0x7c, 0x85}, idr}),
                         joined({{0x7c, 0x45}, idr}),
                         joined({{0x7d, 0x85, 0, 1}, idr}),
                         joined({{0, 0, 0, 1}, sps, {0, 0, 0, 1}, pps}),
                         idr};
  for (const auto& packet : whole) {
    h264_bench b;
    for (std::size_t size = 0; size < packet.size(); ++size) {
      // A block of its own size: the sanitizer sees a step beyond it.
      const bytes cut(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size));
      b.push(cut, static_cast<std::uint32_t>(size));
      looks_like_h264(cut);
    }
    b.flush();
    CHECK(b.push({0x41, 8}, 1000, true) == "begin 1000 | nal 41 08 | end | au");
  }
}

TEST_CASE("h264_depacketizer: noise ends no stream", "[h264_depacketizer]") {
  h264_bench b;
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
  CHECK(b.push({0x41, 8}, 1000, true) == "begin 1000 | nal 41 08 | end | au");
}

TEST_CASE("h264_depacketizer: what looks like H.264", "[h264_depacketizer]") {
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
      {"start code only", {0, 0, 0, 1}, no},
      {"SPS", sps, yes},
      {"SPS behind a start code", joined({{0, 0, 0, 1}, sps}), yes},
      {"SPS cut before the size", bytes(sps.begin(), sps.begin() + 6), no},
      {"SPS of no profile", changed(sps, 1, 0x65), no},
      {"SPS of no level", changed(sps, 3, 0x1d), no},
      {"SPS with reserved bits", changed(sps, 2, 1), no},
      {"SPS that nothing refers to", changed(sps, 0, 0x07), no},
      {"SPS of a packet's size", joined({sps, bytes(1000, 0x55)}), no},
      {"SPS whose scaling lists leave the range of an int",
       {0x00, 0x00, 0x00, 0x01, 0x67, 0x64, 0x00, 0x1e, 0x00, 0x04, 0x02, 0xff, 0x75, 0x01, 0x13, 0x05, 0x06,
        0x07, 0x08, 0x09, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x0b, 0x62, 0x01, 0x13, 0x05, 0x06, 0x07, 0x08,
        0x09, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 0xff, 0xff, 0xff, 0x00, 0x01, 0x68, 0xeb, 0xe3,
        0x00, 0x00, 0xcb, 0x2b, 0x11, 0x01, 0x65, 0x28, 0x88, 0x84, 0xff, 0x03, 0xbf, 0x03},
       no},
      {"SPS of the size of a TS packet, with its sync byte", joined({changed(sps, 0, 0x47), bytes(162, 0x55)}), maybe},
      {"PPS", pps, maybe},
      {"IDR slice", idr, maybe},
      {"IDR slice that nothing refers to", {0x05, 0x88}, no},
      {"SEI", {0x06, 5, 1, 0, 0x80}, maybe},
      {"slice", {0x41, 0x9a, 1, 2}, maybe},
      {"delimiter", {0x09, 0xf0}, maybe},
      {"data partition", {0x42, 1, 1}, no},
      {"forbidden bit", {0xe7, 0x64, 0, 0x1e}, no},
      {"type 0", {0x60, 1, 2}, no},
      {"STAP-A of parameter sets", joined({{0x78}, sized(sps), sized(pps)}), yes},
      {"STAP-A of slices", joined({{0x78}, sized(idr), sized(idr)}), maybe},
      {"STAP-A whose sizes do not come out even", joined({{0x78}, sized(sps), {0}}), no},
      {"STAP-A of nothing", {0x78}, no},
      {"STAP-B", joined({{0x79, 0, 0}, sized(sps)}), no},
      {"MTAP16", {0x7a, 0, 0, 0, 1, 0, 0, 0, 0x65}, no},
      {"FU-A, IDR, start", {0x7c, 0x85, 0x88, 0x84, 0x03, 0xff}, yes},
      {"FU-A, IDR, start of a second slice", {0x7c, 0x85, 0x08, 0x84, 0x03, 0xff}, maybe},
      {"FU-A, IDR, start of a P slice", {0x7c, 0x85, 0x9a, 0x84, 0x03, 0xff}, maybe},
      {"FU-A, IDR, that nothing refers to", {0x1c, 0x85, 0x88, 0x84}, no},
      {"FU-A, IDR, middle", {0x7c, 0x05, 0x88, 0x84}, maybe},
      {"FU-A, other, start", {0x5c, 0x81, 0x9a, 0x84}, maybe},
      {"FU-A with its reserved bit", {0x7c, 0xa5, 0x88, 0x84}, no},
      {"FU-A, start and end", {0x7c, 0xc5, 0x88, 0x84}, no},
      {"FU-A of nothing", {0x7c, 0x85}, no},
      {"PS pack", {0, 0, 1, 0xba, 0x44, 0, 4, 0, 4, 1}, no},
      {"PS map", {0, 0, 1, 0xbc, 0, 10, 0xe0, 0xff}, no},
      {"PES", {0, 0, 1, 0xe0, 0, 10, 0x80, 0x80}, no},
      {"H.265 VPS", {0x40, 1, 0x0c, 1, 0xff, 0xff, 1, 0x60}, no},
      {"H.265 SPS", {0x42, 1, 1, 1, 0x60, 0, 0, 3}, no},
      {"H.265 FU", {0x62, 1, 0x93, 0x80}, no},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    CHECK(looks_like_h264(r.payload) == r.expected);
  }
}

TEST_CASE("h264_depacketizer: noise is hardly ever surely H.264", "[h264_depacketizer]") {
  std::uint64_t state = 1;
  const auto next = [&] {
    return state = state * 6364136223846793005U + 1442695040888963407U, static_cast<std::uint8_t>(state >> 56);
  };
  int accidents = 0;
  bytes noise(160);
  for (int i = 0; i < 200000; ++i) {
    for (std::size_t k = 0; k < 24; ++k) noise[k] = next();
    accidents += looks_like_h264(noise) == likeness::yes ? 1 : 0;
  }
  CHECK(accidents <= 2);
}
