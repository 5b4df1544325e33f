#include "net/ingest/aac_depacketizer.hpp"

#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/depacketizer_bench.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

/// A depacketizer with all that it needs.
struct aac_bench {
  elementary_trace out;
  media_counters counters;
  aac_depacketizer unpacker;

  explicit aac_bench(const aac_format& format = {}) : unpacker(out, counters, 98, format) {}

  /// What comes of one packet.
  std::string push(const bytes& payload, std::uint32_t timestamp = 1, bool marker = false) {
    unpacker.push({timestamp, marker, payload});
    return out.taken();
  }
  std::uint64_t malformed() const { return counters.malformed.value(); }
};

/// AU-headers of these sizes, then the data.
bytes packet(const std::vector<std::size_t>& sizes, const bytes& data) {
  bytes b(2 + 2 * sizes.size());
  store_be16(b.data(), static_cast<std::uint16_t>(16 * sizes.size()));
  for (std::size_t i = 0; i < sizes.size(); ++i) store_be16(&b[2 + 2 * i], static_cast<std::uint16_t>(sizes[i] << 3));
  append(b, data);
  return b;
}

// ADTS headers of LC, 16 kHz, mono, with 7 bytes and as many more.
const std::string adts_1 = " | bytes ff f1 60 40 01 1f fc", adts_2 = " | bytes ff f1 60 40 01 3f fc",
                  adts_3 = " | bytes ff f1 60 40 01 5f fc", adts_12 = " | bytes ff f1 60 40 02 7f fc";

/// The access unit 01 02 .. 0c in packets of two bytes each.
std::vector<bytes> six_aac_fragments() {
  std::vector<bytes> packets;
  for (std::uint8_t i = 1; i < 12; i = static_cast<std::uint8_t>(i + 2))
    packets.push_back(packet({12}, {i, static_cast<std::uint8_t>(i + 1)}));
  return packets;
}

}  // namespace

TEST_CASE("aac_depacketizer RFC 3640 3.3.6: an access unit is one unit, behind an ADTS header", "[aac_depacketizer]") {
  aac_bench b;
  CHECK(b.push(packet({2}, {0xaa, 0xbb}), 0xffffffff, true) == "begin 4294967295" + adts_2 + " | bytes aa bb | end");
  CHECK(b.out.last_stream == elementary_stream{98, codec::aac, 16000, 32});
  CHECK(b.malformed() == 0);
}

TEST_CASE("aac_depacketizer ISO/IEC 14496-3 1.A.2.2: the ADTS header's fields", "[aac_depacketizer]") {
  struct row {
    aac_format format;
    std::size_t size;
    std::string expected;
  };
  const row rows[] = {
      {{.sample_rate = 48000, .channels = 2, .object_type = 2}, 1, "ff f1 4c 80 01 1f fc"},
      {{.sample_rate = 96000, .channels = 1, .object_type = 1}, 1, "ff f1 00 40 01 1f fc"},
      {{.sample_rate = 8000, .channels = 1, .object_type = 2}, 1, "ff f1 6c 40 01 1f fc"},
      {{.sample_rate = 7350, .channels = 7, .object_type = 4}, 1, "ff f1 f1 c0 01 1f fc"},
      {{.sample_rate = 44100, .channels = 6, .object_type = 2}, 1, "ff f1 51 80 01 1f fc"},
      {{.sample_rate = 44000, .channels = 1, .object_type = 2}, 1, "ff f1 50 40 01 1f fc"},
      {{.sample_rate = 16000, .channels = 1, .object_type = 2}, 8184, "ff f1 60 43 ff ff fc"},
      {{.sample_rate = 16000, .channels = 1, .object_type = 2}, 4096, "ff f1 60 42 00 ff fc"},
  };
  for (const auto& r : rows) {
    INFO(r.expected);
    aac_bench b(r.format);
    const auto got = b.push(packet({r.size}, bytes(r.size, 0)));
    CHECK(got.substr(0, 36) == "begin 1 | bytes " + r.expected);
    CHECK(b.out.last_stream.clock_rate == r.format.sample_rate);
  }
}

TEST_CASE("aac_depacketizer RFC 3640 3.2.3: access units of one packet are 1024 samples apart", "[aac_depacketizer]") {
  aac_bench b;
  CHECK(b.push(packet({1, 2, 3}, {1, 2, 2, 3, 3, 3}), 0xfffffc00, true) ==
        "begin 4294966272" + adts_1 + " | bytes 01 | end | begin 0" + adts_2 + " | bytes 02 02 | end | begin 1024" +
            adts_3 + " | bytes 03 03 03 | end");
  CHECK(b.malformed() == 0);
}

TEST_CASE("aac_depacketizer RFC 3640 3.2.3.1: fragments become one access unit, as they come", "[aac_depacketizer]") {
  aac_bench b;
  const auto packets = six_aac_fragments();
  CHECK(b.push(packets[0], 5) == "begin 5" + adts_12 + " | bytes 01 02");
  CHECK(b.push(packets[1], 5) == "bytes 03 04");
  CHECK(b.push(packets[2], 5) == "bytes 05 06");
  CHECK(b.push(packets[3], 5) == "bytes 07 08");
  CHECK(b.push(packets[4], 5) == "bytes 09 0a");
  CHECK(b.push(packets[5], 5, true) == "bytes 0b 0c | end");
  CHECK(b.push(packet({1}, {9}), 6, true) == "begin 6" + adts_1 + " | bytes 09 | end");
  CHECK(b.malformed() == 0);
}

TEST_CASE("aac_depacketizer RFC 3640 3.2.3.1: each single fragment of six lost", "[aac_depacketizer]") {
  const auto packets = six_aac_fragments();
  for (std::size_t missing = 0; missing < packets.size(); ++missing) {
    INFO("missing " << missing);
    aac_bench b;
    for (std::size_t i = 0; i < packets.size(); ++i) {
      if (i == missing) continue;
      if (i == missing + 1) b.unpacker.lost();
      b.unpacker.push({5, i == 5, packets[i]});
    }
    if (missing == 5) b.unpacker.lost();
    const std::string pieces[] = {" | bytes 01 02", " | bytes 03 04", " | bytes 05 06",
                                  " | bytes 07 08", " | bytes 09 0a", " | bytes 0b 0c"};
    std::string expected = missing == 0 ? "" : "begin 5" + adts_12;
    for (std::size_t i = 0; i < missing; ++i) expected += pieces[i];
    expected += missing == 0 ? "lost" : " | damaged | lost";
    if (missing < 5) expected += " | begin 5" + adts_12;
    for (std::size_t i = missing + 1; i < 6; ++i) expected += pieces[i];
    if (missing < 5) expected += " | damaged";
    CHECK(b.out.taken() == expected);
    CHECK(b.push(packet({1}, {9}), 6, true) == "begin 6" + adts_1 + " | bytes 09 | end");
    CHECK(b.malformed() == 0);
  }
}

TEST_CASE("aac_depacketizer RFC 3640 3.2.3.1: what cuts an access unit", "[aac_depacketizer]") {
  aac_bench b;
  b.push(packet({4}, {1, 2}), 5);
  SECTION("the next time stamp") { CHECK(b.push(packet({4}, {1, 2}), 6).substr(0, 19) == "damaged | begin 6 |"); }
  SECTION("another size") { CHECK(b.push(packet({5}, {1, 2}), 5).substr(0, 19) == "damaged | begin 5 |"); }
  SECTION("more than is missing") { CHECK(b.push(packet({4}, {1, 2, 3}), 5).substr(0, 19) == "damaged | begin 5 |"); }
  SECTION("a whole access unit") {
    CHECK(b.push(packet({1}, {9}), 6) == "damaged | begin 6" + adts_1 + " | bytes 09 | end");
  }
  SECTION("a marker too early") { CHECK(b.push(packet({4}, {3}), 5, true) == "bytes 03 | damaged"); }
  SECTION("flush") {
    b.unpacker.flush();
    CHECK(b.out.taken() == "damaged");
    b.unpacker.flush();
    CHECK(b.out.taken().empty());
  }
  CHECK(b.malformed() == 0);
}

TEST_CASE("aac_depacketizer RFC 3640 3.2.1: AU-headers that are broken", "[aac_depacketizer]") {
  struct row {
    const char* about;
    bytes payload;
    std::string expected;
  };
  const row rows[] = {
      {"empty", {}, ""},
      {"half a length", {0}, ""},
      {"length of 0", {0, 0, 1, 2, 3}, ""},
      {"length not of whole headers", {0, 17, 0, 8, 0, 8, 1}, ""},
      {"headers beyond the end", {0, 32, 0, 8, 0}, ""},
      {"65520 bits of headers", {0xff, 0xf0, 0, 8, 1}, ""},
      {"header and no data", packet({1}, {}), ""},
      {"size of 0", packet({0, 1}, {9}), "begin 1025" + adts_1 + " | bytes 09 | end"},
      {"the second is cut", packet({1, 3}, {9, 1, 2}), "begin 1" + adts_1 + " | bytes 09 | end"},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    aac_bench b;
    CHECK(b.push(r.payload) == r.expected);
    CHECK(b.malformed() == 1);
    CHECK(b.push(packet({1}, {9}), 6, true) == "begin 6" + adts_1 + " | bytes 09 | end");
  }
}

TEST_CASE("aac_depacketizer: an access unit that no ADTS header can tell the size of", "[aac_depacketizer]") {
  aac_bench b;
  CHECK(b.push(packet({8185, 1}, bytes(8186, 9))) == "begin 1025" + adts_1 + " | bytes 09 | end");
  CHECK(b.push(packet({8191}, bytes(100, 9))).empty());
  CHECK(b.counters.oversized.value() == 2);
  CHECK(b.malformed() == 0);
}

TEST_CASE("aac_depacketizer: bytes behind the last access unit are padding", "[aac_depacketizer]") {
  aac_bench b;
  CHECK(b.push(packet({1}, {9, 0, 0})) == "begin 1" + adts_1 + " | bytes 09 | end");
  CHECK(b.malformed() == 0);
}

TEST_CASE("aac_depacketizer: a packet that is an ADTS frame goes through", "[aac_depacketizer]") {
  aac_bench b;
  CHECK(b.push({0xff, 0xf1, 0x4c, 0x80, 0x01, 0x3f, 0xfc, 1, 2}, 3) ==
        "begin 3 | bytes ff f1 4c 80 01 3f fc 01 02 | end");
  CHECK(b.malformed() == 0);
  CHECK(b.push({0xff, 0xf1, 0x4c, 0x80, 0x01, 0x5f, 0xfc, 1, 2}, 4).empty());
  CHECK(b.malformed() == 1);
  b.push(packet({4}, {1, 2}), 5);
  CHECK(b.push({0xff, 0xf9, 0x4c, 0x80, 0x00, 0xff, 0xfc}, 6) ==
        "damaged | begin 6 | bytes ff f9 4c 80 00 ff fc | end");
}

TEST_CASE("aac_depacketizer: every truncation", "[aac_depacketizer]") {
  const bytes whole[] = {
      packet({3, 4, 5}, bytes(12, 7)), packet({12}, bytes(12, 7)), {0xff, 0xf1, 0x4c, 0x80, 0x01, 0x3f, 0xfc, 1, 2}};
  for (const auto& w : whole) {
    aac_bench b;
    for (std::size_t size = 0; size < w.size(); ++size) {
      // A block of its own size: the sanitizer sees a step beyond it.
      b.push(bytes(w.begin(), w.begin() + static_cast<std::ptrdiff_t>(size)), static_cast<std::uint32_t>(size));
    }
    b.unpacker.flush();
    b.out.taken();
    CHECK(b.push(packet({1}, {9}), 6, true) == "begin 6" + adts_1 + " | bytes 09 | end");
  }
}

TEST_CASE("aac_depacketizer: loss is told once", "[aac_depacketizer]") {
  aac_bench b;
  b.unpacker.lost();
  CHECK(b.out.taken() == "lost");
  b.push(packet({4}, {1, 2}), 5);
  b.unpacker.lost();
  CHECK(b.out.taken() == "damaged | lost");
}
