#include "net/rtp/rtp_packet.hpp"

#include <functional>
#include <optional>

#include "tests/support/catch.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;

TEST_CASE("RFC 3550 5.1: the fixed header's fields") {
  const bytes b{0x80, 0xe0, 0x12, 0x34, 1, 2, 3, 4, 0xa0, 0xb0, 0xc0, 0xd0, 7, 8, 9};
  const auto p = parse_rtp(b);
  REQUIRE(p);
  CHECK(p->marker);
  CHECK(p->payload_type == 96);
  CHECK(p->sequence == 0x1234);
  CHECK(p->timestamp == 0x01020304);
  CHECK(p->ssrc == 0xa0b0c0d0);
  CHECK(p->payload.data() == b.data() + 12);
  CHECK(p->payload.size() == 3);
  CHECK(p->whole.data() == b.data());
  CHECK(p->whole.size() == b.size());
}

TEST_CASE("RFC 3550 A.1: what one packet can prove, it has to prove") {
  struct row {
    const char* about;
    std::function<bytes()> make;
    std::optional<refusal> cause;
    std::size_t payload = 0;
  };
  const auto with = [](std::uint8_t first, std::size_t payload, std::function<void(bytes&)> change) {
    return [=] {
      auto b = make_rtp({.payload = payload, .fill = 0});
      b[0] = first;
      change(b);
      return b;
    };
  };
  const auto nothing = [](bytes&) {};
  const row rows[] = {
      {"empty", [] { return bytes{}; }, refusal::too_short},
      {"11 bytes", [] { return bytes(11, 0x80); }, refusal::too_short},
      {"12 bytes", with(0x80, 0, nothing), {}, 0},
      {"version 0", with(0x00, 20, nothing), refusal::not_rtp},
      {"version 1", with(0x40, 20, nothing), refusal::not_rtp},
      {"version 3", with(0xc0, 20, nothing), refusal::not_rtp},
      {"1 CSRC", with(0x81, 20, nothing), {}, 16},
      {"15 CSRC fill the packet", with(0x8f, 60, nothing), {}, 0},
      {"15 CSRC, one byte missing", with(0x8f, 59, nothing), refusal::bad_header},
      {"extension header cut", with(0x90, 3, nothing), refusal::bad_header},
      {"extension of 0 words", with(0x90, 4, nothing), {}, 0},
      {"extension of 2 words", with(0x90, 20, [](bytes& b) { b[15] = 2; }), {}, 8},
      {"extension one word too long", with(0x90, 20, [](bytes& b) { b[15] = 5; }), refusal::bad_header},
      {"extension of 65535 words", with(0x90, 20, [](bytes& b) { b[14] = b[15] = 0xff; }), refusal::bad_header},
      {"extension behind CSRC", with(0x91, 20, [](bytes& b) { b[19] = 3; }), {}, 0},
      {"padding of 0", with(0xa0, 20, nothing), refusal::bad_header},
      {"padding of 1", with(0xa0, 20, [](bytes& b) { b.back() = 1; }), {}, 19},
      {"all padding", with(0xa0, 20, [](bytes& b) { b.back() = 20; }), {}, 0},
      {"padding reaches into the header", with(0xa0, 20, [](bytes& b) { b.back() = 21; }), refusal::bad_header},
      {"padding without a byte for it", with(0xa0, 0, [](bytes& b) { b.back() = 1; }), refusal::bad_header},
      {"padding reaches into the extension", with(0xb0, 8, [](bytes& b) { b.back() = 5; }), refusal::bad_header},
      {"padding behind the extension", with(0xb0, 8, [](bytes& b) { b.back() = 4; }), {}, 0},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    const auto b = r.make();
    const auto p = parse_rtp(b);
    CHECK(p.has_value() == !r.cause);
    if (!p && r.cause) CHECK(p.error() == *r.cause);
    if (p && !r.cause) CHECK(p->payload.size() == r.payload);
  }
}

TEST_CASE("RFC 5761 4: no packet type of RTCP passes for RTP") {
  for (unsigned second = 0; second < 256; ++second) {
    auto b = make_rtp();
    b[1] = static_cast<std::uint8_t>(second);
    const unsigned payload_type = second & 0x7f;
    const bool rtcp = (second >= 192 && second <= 223) || (payload_type >= 72 && payload_type <= 76);
    INFO("second byte " << second);
    CHECK(parse_rtp(b).has_value() == !rtcp);
    if (payload_type < 64 || payload_type >= 96) CHECK(parse_rtp(b));
  }
}
