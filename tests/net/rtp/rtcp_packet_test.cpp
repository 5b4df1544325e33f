#include "net/rtp/rtcp_packet.hpp"

#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

bytes changed(bytes b, std::size_t at, std::uint8_t value) {
  b.at(at) = value;
  return b;
}

bytes cut(bytes b, std::size_t size) {
  b.resize(size);
  return b;
}

const bytes sr = make_sender_report(7, 0x0102030405060708);
const bytes rr = make_rtcp(1, 201, {8, 7, 0, 0, 0, 0, 0});
const bytes bye = make_rtcp(2, 203, {7, 9});
const bytes sdes = make_rtcp(1, 202, {7, 0x01020000 | ('a' << 8) | 'b', 0});

}  // namespace

TEST_CASE("RFC 3550 6.4.1: a sender report's fields") {
  const auto c = parse_rtcp(sr);
  REQUIRE(c);
  REQUIRE(c->report);
  CHECK(c->report->ssrc == 7);
  CHECK(c->report->ntp == 0x0102030405060708);
  CHECK(c->report->rtp_timestamp == 9000);
  CHECK(c->report->packets == 10);
  CHECK(c->report->octets == 2000);
  CHECK(c->sender_reports == 1);
  CHECK(c->receiver_reports == 0);
  CHECK_FALSE(c->bye);
}

TEST_CASE("RFC 3550 6.1: a compound packet is read to its last byte") {
  const auto c = parse_rtcp(joined({sr, rr, rr, sdes, bye}));
  REQUIRE(c);
  CHECK(c->sender_reports == 1);
  CHECK(c->receiver_reports == 2);
  CHECK(c->bye == 7U);
}

TEST_CASE("RFC 5506: a lone BYE or SDES is read as well") {
  CHECK(parse_rtcp(bye)->bye == 7U);
  CHECK(parse_rtcp(sdes));
  CHECK_FALSE(parse_rtcp(make_rtcp(0, 203, {}))->bye);
}

TEST_CASE("RFC 3550 A.2: hostile compound packets, each with its cause") {
  struct row {
    const char* about;
    bytes packet;
    std::optional<rtcp_fault> fault;
  };
  auto padded = joined({sr, bye, {0, 0, 0, 4}});
  padded[sr.size()] |= 0x20;
  padded[sr.size() + 3] += 1;
  auto padded_first = sr;
  padded_first[0] |= 0x20;
  padded_first.back() = 4;
  const row rows[] = {
      {"empty", {}, rtcp_fault::too_short},
      {"3 bytes", cut(sr, 3), rtcp_fault::too_short},
      {"version 1", changed(sr, 0, 0x40), rtcp_fault::bad_version},
      {"an RTP packet", make_rtp(), rtcp_fault::bad_type},
      {"type 191", changed(sr, 1, 191), rtcp_fault::bad_type},
      {"type 224", changed(sr, 1, 224), rtcp_fault::bad_type},
      {"SR cut", cut(sr, 24), rtcp_fault::bad_length},
      {"SR whose length leaves out its sender information", cut(changed(sr, 3, 1), 8), rtcp_fault::bad_length},
      {"SR that counts a block too many", changed(sr, 0, 0x81), rtcp_fault::bad_length},
      {"RR that counts a block too many", changed(rr, 0, 0x82), rtcp_fault::bad_length},
      {"BYE that counts an SSRC too many", changed(bye, 0, 0x83), rtcp_fault::bad_length},
      {"length beyond the end", changed(sr, 3, 7), rtcp_fault::bad_length},
      {"length 65535", changed(changed(sr, 2, 0xff), 3, 0xff), rtcp_fault::bad_length},
      {"a rest of 2 bytes", joined({sr, {0x80, 203}}), rtcp_fault::too_short},
      {"second packet of version 0", joined({sr, changed(bye, 0, 0x02)}), rtcp_fault::bad_version},
      {"padding in the last packet", padded, {}},
      {"padding of 0", changed(padded, padded.size() - 1, 0), rtcp_fault::bad_padding},
      {"padding of 3", changed(padded, padded.size() - 1, 3), rtcp_fault::bad_padding},
      {"padding beyond its packet", changed(padded, padded.size() - 1, 16), rtcp_fault::bad_padding},
      {"padding over what is counted", changed(padded, padded.size() - 1, 8), rtcp_fault::bad_length},
      {"padding in the first packet", joined({padded_first, bye}), rtcp_fault::bad_padding},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    const auto c = parse_rtcp(r.packet);
    CHECK(c.has_value() == !r.fault);
    if (!c && r.fault) CHECK(to_string(c.error()) == to_string(*r.fault));
  }
}

TEST_CASE("RFC 3550 6.4.2 and 6.5: the receiver report, byte by byte") {
  const report_block block{.ssrc = 0x11223344,
                           .fraction_lost = 0x40,
                           .cumulative_lost = 0x010203,
                           .highest_sequence = 0x0002fffe,
                           .jitter = 5,
                           .last_sr = 0x03040506,
                           .delay_since_last_sr = 0x00010000};
  bytes out(300, 0xee);
  const auto size = build_receiver_report(out, 0x11223345, block, "berth");
  const bytes wanted{0x81, 201, 0,    7,    0x11, 0x22, 0x33, 0x45, 0x11, 0x22, 0x33, 0x44, 0x40, 1,   2,   3,
                     0,    2,   0xff, 0xfe, 0,    0,    0,    5,    3,    4,    5,    6,    0,    1,   0,   0,
                     0x81, 202, 0,    3,    0x11, 0x22, 0x33, 0x45, 1,    5,    'b',  'e',  'r',  't', 'h', 0};
  CHECK(bytes(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)) == wanted);
  CHECK(out[size] == 0xee);
}

TEST_CASE("RFC 3550 6.5: the report ends in 1 to 4 zeros, fits the size it names, and is RTCP itself") {
  for (std::size_t length = 0; length < 300; ++length) {
    const std::string name(length, 'n');
    const auto size = receiver_report_size(length);
    INFO("name of " << length);
    CHECK(size <= 300);
    bytes out(size);
    REQUIRE(build_receiver_report(out, 1, {}, name) == size);
    CHECK(build_receiver_report(std::span(out).first(size - 1), 1, {}, name) == 0);
    const auto c = parse_rtcp(out);
    REQUIRE(c);
    CHECK(c->receiver_reports == 1);
    const std::size_t kept = std::min<std::size_t>(length, 255);
    CHECK(out[41] == kept);
    CHECK((size - 42 - kept >= 1 && size - 42 - kept <= 4));
    CHECK(out[size - 1] == 0);
  }
}

TEST_CASE("RFC 3550 6.4.1 and 6.5: the sender report, byte by byte, and as it is read back") {
  const sender_report report{.ssrc = 0x11223345,
                             .ntp = 0x0102030405060708,
                             .rtp_timestamp = 0x090a0b0c,
                             .packets = 0x0d0e0f10,
                             .octets = 0x11121314};
  bytes out(300, 0xee);
  const auto size = build_sender_report(out, report, "berth");
  const bytes wanted{0x80, 200, 0,    6,    0x11, 0x22, 0x33, 0x45, 1,   2,    3,    4,    5,    6,    7,
                     8,    9,   10,   11,   12,   13,   14,   15,   16,  0x11, 0x12, 0x13, 0x14, 0x81, 202,
                     0,    3,   0x11, 0x22, 0x33, 0x45, 1,    5,    'b', 'e',  'r',  't',  'h',  0};
  CHECK(bytes(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)) == wanted);
  CHECK(out[size] == 0xee);
  CHECK(size == sender_report_size(5));
  CHECK(build_sender_report(std::span(out).first(size - 1), report, "berth") == 0);
  const auto read = parse_rtcp({out.data(), size});
  REQUIRE(read);
  REQUIRE(read->report);
  CHECK(read->report->ntp == report.ntp);
  CHECK(read->report->octets == report.octets);
}

TEST_CASE("RFC 3550 4: NTP time counts from 1900, its fraction in 32 bits") {
  CHECK(ntp_time(wall_time{}) == std::uint64_t{2208988800} << 32);
  CHECK(ntp_time(wall_time{std::chrono::milliseconds{1500}}) == ((std::uint64_t{2208988801} << 32) | 0x80000000));
}
