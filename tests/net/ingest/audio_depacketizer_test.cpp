#include "net/ingest/audio_depacketizer.hpp"

#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/depacketizer_bench.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {}  // namespace

TEST_CASE("audio_depacketizer: a packet is a unit", "[audio_depacketizer]") {
  struct row {
    codec format;
    std::uint8_t payload_type;
    std::uint32_t clock_rate;
  };
  // RFC 3551 6, RFC 7587 4.1
  for (const auto& r : {row{codec::pcmu, 0, 8000}, row{codec::pcma, 8, 8000}, row{codec::opus, 100, 48000}}) {
    INFO(to_string(r.format));
    elementary_trace out;
    media_counters counters;
    audio_depacketizer unpacker(out, counters, r.payload_type, r.format);
    const bytes payload{0xd5, 0, 7};
    unpacker.push({0xffffffff, true, payload});
    CHECK(out.taken() == "begin 4294967295 | bytes d5 00 07 | end");
    CHECK(out.last_piece.data() == payload.data());
    CHECK(out.last_stream == elementary_stream{r.payload_type, r.format, r.clock_rate, 32});
    CHECK(unpacker.announced() == std::nullopt);

    unpacker.push({1, false, {}});
    CHECK(out.taken().empty());
    CHECK(counters.malformed.value() == 1);

    unpacker.lost();
    CHECK(out.taken() == "lost");
    unpacker.flush();
    CHECK(out.taken().empty());
    unpacker.push({1, false, payload});
    CHECK(out.taken() == "begin 1 | bytes d5 00 07 | end");
    CHECK(counters.malformed.value() == 1);
  }
}
