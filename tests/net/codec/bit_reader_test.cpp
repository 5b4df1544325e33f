#include "net/codec/bit_reader.hpp"

#include "tests/support/bit_writer.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hex.hpp"

using namespace berth::net;
using namespace berth::tests;

TEST_CASE("bit reader: the most significant bit comes first, across bytes", "[bit_reader]") {
  const auto b = from_hex("a5 5a f0");
  bit_reader r{b};
  CHECK(r.bit());
  CHECK_FALSE(r.bit());
  CHECK(r.bits(3) == 0b100);
  CHECK(r.bits(7) == 0b1010101);
  r.skip(4);
  CHECK(r.bits(8) == 0xf0);
  CHECK_FALSE(r.failed());
}

TEST_CASE("bit reader: past the end every bit is 0 and the reader has failed", "[bit_reader]") {
  const auto b = from_hex("ff");
  bit_reader r{b};
  CHECK(r.bits(8) == 0xff);
  CHECK_FALSE(r.failed());
  CHECK(r.bits(32) == 0);
  CHECK(r.failed());
  CHECK(r.ue() == 0);
  CHECK(r.se() == 0);

  bit_reader across{b};
  CHECK(across.bits(12) == 0xff0);
  CHECK(across.failed());

  bit_reader none{bytes_view{}};
  none.skip(0);
  CHECK_FALSE(none.failed());
  none.skip(1'000'000'000);
  CHECK(none.failed());
}

TEST_CASE("bit reader: ISO 14496-10 9.1, ue(v) over its whole range", "[bit_reader]") {
  const std::uint32_t values[] = {0,   1,   2,     3,     6,          7,          8,           254,
                                  255, 256, 65534, 65535, 0x7ffffffe, 0x7fffffff, 0x80000000U, 0xfffffffeU};
  for (const auto v : values) {
    INFO(v);
    for (unsigned lead = 0; lead < 8; ++lead) {
      const auto w = bit_writer{}.bits(0xff, lead).ue(v).bits(0b101, 3);
      bit_reader r{w.raw(), bit_reader::escapes::kept};
      r.skip(lead);
      CHECK(r.ue() == v);
      CHECK(r.bits(3) == 0b101);
      CHECK_FALSE(r.failed());
    }
  }
}

TEST_CASE("bit reader: ISO 14496-10 9.1, more than 31 zeros are no ue(v)", "[bit_reader]") {
  const auto w = bit_writer{}.bits(0, 32).bits(1, 1).bits(0, 40);
  bit_reader r{w.raw(), bit_reader::escapes::kept};
  CHECK(r.ue() == 0);
  CHECK(r.failed());

  const auto cut = bit_writer{}.bits(0, 7).bits(1, 1);  // seven more bits are missing
  bit_reader c{cut.raw()};
  CHECK(c.ue() == 0);
  CHECK(c.failed());
}

TEST_CASE("bit reader: ISO 14496-10 9.1.1, se(v) over its whole range", "[bit_reader]") {
  for (const std::int32_t v : {0, 1, -1, 2, -2, 3, -3, 127, -128, 32767, -32768, 0x7fffffff, -0x7fffffff}) {
    INFO(v);
    const auto w = bit_writer{}.se(v);
    bit_reader r{w.raw(), bit_reader::escapes::kept};
    CHECK(r.se() == v);
    CHECK_FALSE(r.failed());
  }
}

TEST_CASE("bit reader: ISO 14496-10 7.4.1.1, emulation prevention bytes are stepped over", "[bit_reader]") {
  struct row {
    const char *escaped, *plain;
  };
  const row rows[] = {
      {"00 00 03 00", "00 00 00"},
      {"00 00 03 01", "00 00 01"},
      {"00 00 03 03", "00 00 03"},
      {"01 00 00 03 02 05", "01 00 00 02 05"},
      {"00 00 03 00 00 03 00 00 03 01", "00 00 00 00 00 00 01"},
      {"00 03 00 03", "00 03 00 03"},
      {"00 00 03 00 03 01", "00 00 00 03 01"},  // zeros are counted anew behind it
      {"00 00 03", "00 00"},                    // cabac_zero_words end with it
      {"00 00 04 03", "00 00 04 03"},           // only right behind the zeros
      {"00 00 03 03 03", "00 00 03 03"},
      {"00 00 00 03 01", "00 00 00 01"},  // more zeros than a sound NAL unit has
  };
  for (const auto& row : rows) {
    INFO(row.escaped);
    const auto escaped = from_hex(row.escaped), plain = from_hex(row.plain);
    bit_reader r{escaped};
    for (const auto byte : plain) CHECK(r.bits(8) == byte);
    CHECK_FALSE(r.failed());
    r.bit();
    CHECK(r.failed());

    bit_reader in_nibbles{escaped};
    for (const auto byte : plain) {
      CHECK(in_nibbles.bits(3) == byte >> 5U);
      CHECK(in_nibbles.bits(5) == (byte & 31U));
    }

    bit_reader kept{escaped, bit_reader::escapes::kept};
    for (const auto byte : escaped) CHECK(kept.bits(8) == byte);
    CHECK_FALSE(kept.failed());
  }
}
