#include "net/audio_depacketizer.hpp"

#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

/// What a sink is told, as words: "begin 3600 | nal 65 01 02 | end". Checks that begins and ends belong together.
class trace final : public elementary_sink {
 public:
  void unit_begin(const elementary_stream& stream, std::optional<raw_stamps> stamps) override {
    CHECK_FALSE(in_unit_);
    in_unit_ = true;
    last_stream = stream;
    REQUIRE(stamps);
    CHECK(stamps->dts == stamps->pts);
    add("begin " + std::to_string(stamps->pts));
  }
  void bytes(bytes_view piece) override {
    CHECK((in_unit_ && !in_nal_));
    add("bytes" + hex(piece));
    last_piece = piece;
  }
  void nal_begin() override {
    CHECK((in_unit_ && !in_nal_));
    in_nal_ = true;
    add("nal");
  }
  void nal_bytes(bytes_view piece) override {
    CHECK(in_nal_);
    text_ += hex(piece);
    last_piece = piece;
  }
  void nal_end() override {
    CHECK(in_nal_);
    in_nal_ = false;
  }
  void unit_end(bool damaged) override {
    CHECK((in_unit_ && !in_nal_));
    in_unit_ = false;
    add(damaged ? "damaged" : "end");
  }
  void lost() override {
    CHECK_FALSE(in_unit_);
    add("lost");
  }
  void access_unit_end() override {
    CHECK_FALSE(in_unit_);
    add("au");
  }

  /// All since the last call.
  std::string taken() { return std::exchange(text_, {}); }

  elementary_stream last_stream;
  bytes_view last_piece;

 private:
  static std::string hex(bytes_view b) {
    constexpr const char* digits = "0123456789abcdef";
    std::string s;
    for (const auto v : b) {
      s += ' ';
      s += digits[v >> 4];
      s += digits[v & 15];
    }
    return s;
  }
  void add(const std::string& word) { text_ += (text_.empty() ? "" : " | ") + word; }

  std::string text_;
  bool in_unit_ = false;
  bool in_nal_ = false;
};
}  // namespace

TEST_CASE("audio_depacketizer: a packet is a unit", "[audio_depacketizer]") {
  struct row {
    codec format;
    std::uint8_t payload_type;
    std::uint32_t clock_rate;
  };
  // RFC 3551 6, RFC 7587 4.1
  for (const auto& r : {row{codec::pcmu, 0, 8000}, row{codec::pcma, 8, 8000}, row{codec::opus, 100, 48000}}) {
    INFO(to_string(r.format));
    trace out;
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
