#include "net/ingest/pes_header.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

constexpr raw_stamps stamps(std::uint64_t pts, std::uint64_t dts) { return {pts, dts}; }

}  // namespace

TEST_CASE("pes_header: 2.4.3.7: stamps of 33 bits, with and without DTS", "[pes_header]") {
  struct row {
    const char* about;
    bytes header;
    std::optional<raw_stamps> stamps;
  };
  const row rows[] = {
      {"none", {0, 0, 1, 0xe0, 0, 0, 0x80, 0x00, 0}, {}},
      {"none, with stuffing", {0, 0, 1, 0xe0, 0, 0, 0x80, 0x00, 2, 0xff, 0xff}, {}},
      {"PTS 0", {0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1}, stamps(0, 0)},
      {"PTS 1", {0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 3}, stamps(1, 1)},
      {"PTS 2^15", {0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 3, 0, 1}, stamps(1U << 15, 1U << 15)},
      {"PTS 2^30", {0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, 0x23, 0, 1, 0, 1}, stamps(1U << 30, 1U << 30)},
      {"the largest PTS",
       {0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, 0x2f, 0xff, 0xff, 0xff, 0xff},
       stamps(0x1ffffffff, 0x1ffffffff)},
      {"PTS and DTS",
       {0, 0, 1, 0xe0, 0, 0, 0x80, 0xc0, 10, 0x31, 0, 1, 0x2a, 0x31, 0x11, 0, 1, 0x0e, 0x11},
       stamps(0x1518, 0x0708)},
      {"marker bits and prefixes that are wrong",
       {0, 0, 1, 0xe0, 0, 0, 0x80, 0xc0, 10, 0x00, 0, 0, 0x2a, 0x30, 0xf0, 0, 0, 0x0e, 0x10},
       stamps(0x1518, 0x0708)},
      {"flags 01 are forbidden", {0, 0, 1, 0xe0, 0, 0, 0x80, 0x40, 5, 0x11, 0, 1, 0, 3}, {}},
      {"a PTS that has no room", {0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 4, 0x21, 0, 1, 0}, {}},
      {"a DTS that has no room", {0, 0, 1, 0xe0, 0, 0, 0x80, 0xc0, 6, 0x31, 0, 1, 0, 3, 0x11}, stamps(1, 1)},
      {"an ESCR behind the PTS",
       {0, 0, 1, 0xe0, 0, 0, 0x80, 0xa0, 11, 0x21, 0, 1, 0, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
       stamps(1, 1)},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    CHECK(pes_header_size(r.header) == r.header.size());
    const auto h = parse_pes_header(r.header);
    REQUIRE(h);
    CHECK(h->stamps == r.stamps);
    CHECK(h->stream_id == 0xe0);
    CHECK(h->size == r.header.size());
  }
}

TEST_CASE("pes_header: 2.4.3.7: the length counts what is behind it, 0 says nothing", "[pes_header]") {
  struct row {
    std::uint8_t high, low, data;
    std::optional<std::size_t> payload;
  };
  const row rows[] = {
      {0, 0, 0, {}},        {0, 0, 5, {}}, {0, 3, 0, 0}, {0, 4, 0, 1},           {0, 8, 5, 0},
      {0, 13, 5, 5},        {0, 1, 0, 0},  {0, 7, 5, 0}, {0xff, 0xff, 0, 65532}, {0xff, 0xff, 255, 65277},
      {0x01, 0x00, 10, 243}};
  for (const auto& r : rows) {
    bytes b{0, 0, 1, 0xc0, r.high, r.low, 0x80, 0, r.data};
    b.resize(b.size() + r.data, 0xff);
    INFO(int{r.high} << ' ' << int{r.low} << ' ' << int{r.data});
    const auto h = parse_pes_header(b);
    REQUIRE(h);
    CHECK(h->payload_size() == r.payload);
  }
}

TEST_CASE("pes_header: what is cut or not of MPEG-2 is none", "[pes_header]") {
  const bytes whole{0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 3};
  for (std::size_t n = 0; n < whole.size(); ++n) {
    INFO("the first " << n);
    CHECK_FALSE(parse_pes_header(bytes_view{whole}.first(n)));
  }
  CHECK(parse_pes_header(whole));
  for (const int first : {0x00, 0x0f, 0x21, 0x31, 0x40, 0xc0, 0xff}) {
    auto b = whole;
    b[6] = static_cast<std::uint8_t>(first);
    INFO(first);
    CHECK_FALSE(parse_pes_header(b));
  }
}
