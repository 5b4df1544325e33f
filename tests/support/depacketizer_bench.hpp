// A depacketizer under test, and what it tells its sink, in words.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "net/ingest/depacketizer.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/packets.hpp"

namespace berth::tests {

/// What a sink is told, as words: "begin 3600 | nal 65 01 02 | end". Checks that begins and ends belong together.
class elementary_trace final : public net::elementary_sink {
 public:
  void unit_begin(const net::elementary_stream& stream, std::optional<net::raw_stamps> stamps) override {
    CHECK_FALSE(in_unit_);
    in_unit_ = true;
    last_stream = stream;
    REQUIRE(stamps);
    CHECK(stamps->dts == stamps->pts);
    add("begin " + std::to_string(stamps->pts));
  }
  void bytes(net::bytes_view piece) override {
    CHECK((in_unit_ && !in_nal_));
    add("bytes" + hex(piece));
    last_piece = piece;
  }
  void nal_begin() override {
    CHECK((in_unit_ && !in_nal_));
    in_nal_ = true;
    add("nal");
  }
  void nal_bytes(net::bytes_view piece) override {
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

  net::elementary_stream last_stream;
  net::bytes_view last_piece;

 private:
  static std::string hex(net::bytes_view b) {
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

/// A depacketizer with all that it needs; `more` are its arguments behind the sink and the counters.
template <class Depacketizer>
struct depacketizer_bench {
  template <class... More>
  explicit depacketizer_bench(More... more) : unpacker{out, counters, more...} {}

  /// What comes of one packet.
  std::string push(const bytes& payload, std::uint32_t timestamp = 1, bool marker = false) {
    unpacker.push({timestamp, marker, payload});
    return out.taken();
  }
  std::string flush() {
    unpacker.flush();
    return out.taken();
  }
  std::string lost() {
    unpacker.lost();
    return out.taken();
  }
  std::uint64_t malformed() const { return counters.malformed.value(); }

  elementary_trace out;
  net::media_counters counters;
  Depacketizer unpacker;
};

/// A NAL unit as aggregation packets hold it: behind its length in 16 bits.
inline bytes sized(const bytes& nal) {
  return joined({{static_cast<std::uint8_t>(nal.size() >> 8), static_cast<std::uint8_t>(nal.size())}, nal});
}

}  // namespace berth::tests
