#include "net/codec/annexb.hpp"

#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/every_way.hpp"
#include "tests/support/hex.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

/// What a sink is told, as text: "[6588][41]", with "..." for a unit that never ends.
class nal_trace final : public nal_sink {
 public:
  void nal_begin() override {
    CHECK_FALSE(open_);
    open_ = true;
    text += "[";
    size_ = 0;
  }
  void nal_bytes(bytes_view piece) override {
    CHECK(open_);
    CHECK_FALSE(piece.empty());
    size_ += piece.size();
    text += to_hex(piece);
    last = piece;
  }
  void nal_end() override {
    CHECK(open_);
    CHECK(size_ > 0);
    open_ = false;
    text += "]";
  }

  std::string text;
  bytes_view last;

 private:
  bool open_ = false;
  std::size_t size_ = 0;
};

struct example {
  const char *stream, *nals;
  std::uint64_t skipped = 0;
};
constexpr example examples[] = {
    {"", ""},
    {"00 00 01 65", "[65]"},
    {"00 00 00 01 65", "[65]"},
    {"00 00 00 00 00 00 01 65", "[65]"},
    {"00 00 01 67 64 00 00 01 68 00 00 00 01 65 88", "[6764][68][6588]"},
    {"00 00 01 41 00 00 00 00 00 01 42 00 00 00", "[41][42]"},  // trailing_zero_8bits
    {"ff 00 00 01 41", "[41]", 1},
    {"01 00 01 41", "", 4},
    {"00 01 41 00 00 00 01 42", "[42]", 3},
    {"00 00 01 00 00 01 41", "[41]"},       // an empty NAL unit
    {"00 00 01 00 00 00 01 00 00 01", ""},  //
    {"00 00 01 00 41", "[0041]"},           // a NAL unit of type 0
    {"00 00 01 01", "[01]"},                //
    {"00 00 01 41 00 00 03 01 00 01", "[41000003010001]"},
    {"00 00 01 41 00 01 00 00 02", "[410001000002]"},
    {"00 00 01 41 00 00 00 05", "[4100000005]"},  // no sound NAL unit has three zeros
    {"00 00 01 41 01 01 00 00 01 01 01", "[410101][0101]"},
    {"00 00", ""},
};

}  // namespace

TEST_CASE("annexb: NAL units are the same however the stream is cut", "[annexb]") {
  for (const auto& e : examples) {
    const auto stream = from_hex(e.stream);
    const bytes_view whole{stream};
    for (std::size_t cuts = 0; cuts < (std::size_t{1} << (stream.empty() ? 0 : stream.size() - 1)); ++cuts) {
      nal_trace seen;
      annexb_splitter s{seen};
      std::size_t from = 0;
      for (std::size_t at = 1; at <= stream.size(); ++at)
        if (at == stream.size() || (cuts >> (at - 1) & 1) != 0) {
          s.push(whole.subspan(from, at - from));
          from = at;
        }
      s.end();
      if (seen.text != e.nals || s.skipped() != e.skipped) {
        INFO("stream " << e.stream << ", cuts " << cuts);
        CHECK(seen.text == e.nals);
        CHECK(s.skipped() == e.skipped);
      }
    }
    SUCCEED();
  }
}

TEST_CASE("annexb: every stream of a few zeros, ones and others", "[annexb]") {
  // The rule, once more and slowly: what stands between start codes, without the zeros before the next one.
  const auto expected = [](const bytes& b) {
    std::string text;
    std::size_t at = 0;
    const auto is_code = [&](std::size_t i) {
      return i + 3 <= b.size() && b[i] == 0 && b[i + 1] == 0 && b[i + 2] == 1;
    };
    while (at < b.size() && !is_code(at)) ++at;
    while (at < b.size()) {
      const auto begin = at + 3;
      at = begin;
      while (at < b.size() && !is_code(at)) ++at;
      auto end = std::min(at, b.size());
      while (end > begin && b[end - 1] == 0) --end;
      if (end > begin) text += "[" + to_hex(bytes_view{b}.subspan(begin, end - begin)) + "]";
    }
    return text;
  };
  std::size_t differing = 0;
  const auto runs = for_every_way([&](choices& choose) {
    bytes b{0, 0, 1};
    for (int i = 0; i < 7; ++i) b.push_back(static_cast<std::uint8_t>(choose(3)));
    const auto cut = choose(b.size());
    nal_trace seen;
    annexb_splitter s{seen};
    s.push(bytes_view{b}.first(cut));
    s.push(bytes_view{b}.subspan(cut));
    s.end();
    differing += seen.text != expected(b) ? 1U : 0U;
  });
  CHECK(runs == 2187 * 10);
  CHECK(differing == 0);
}

TEST_CASE("annexb: bytes go on as views", "[annexb]") {
  const auto b = from_hex("00 00 01 41 42 43");
  nal_trace seen;
  annexb_splitter s{seen};
  s.push(b);
  CHECK(seen.last.data() == b.data() + 3);
  CHECK(seen.last.size() == 3);
}

TEST_CASE("annexb: zeros at the end of a piece wait, however many", "[annexb]") {
  nal_trace seen;
  annexb_splitter s{seen};
  s.push(from_hex("00 00 01 41"));
  s.push(bytes(200, 0));
  CHECK(seen.text == "[41");
  s.push(from_hex("05"));
  CHECK(seen.text == "[41" + std::string(400, '0') + "05");

  s.push(bytes(1000, 0));
  s.push(from_hex("01 42"));
  s.end();
  CHECK(seen.text == "[41" + std::string(400, '0') + "05][42]");
}

TEST_CASE("annexb: the end ends the NAL unit under way, once, and the next has to begin with a start code",
          "[annexb]") {
  nal_trace seen;
  annexb_splitter s{seen};
  s.end();
  s.push(from_hex("00 00 01 41 00"));
  s.end();
  s.end();
  CHECK(seen.text == "[41]");
  s.push(from_hex("00 01 42"));  // would be a start code with the zero from before the end
  CHECK(seen.text == "[41]");
  CHECK(s.skipped() == 3);
  s.push(from_hex("00 00 01 43"));
  s.end();
  CHECK(seen.text == "[41][43]");
}

TEST_CASE("annexb: reset forgets the NAL unit under way", "[annexb]") {
  nal_trace seen;
  annexb_splitter s{seen};
  s.push(from_hex("00 00 01 41 00 00"));
  s.reset();
  s.end();
  s.push(from_hex("01 42"));
  s.end();
  CHECK(seen.text == "[41");
  CHECK(s.skipped() == 2);
}

TEST_CASE("annexb: a start code is found wherever it stands", "[annexb]") {
  for (std::size_t size = 0; size < 40; ++size)
    for (std::size_t at = 0; at + 3 <= size; ++at)
      for (const int fill : {0, 1, 2, 255}) {
        bytes b(size, static_cast<std::uint8_t>(fill));
        b[at] = b[at + 1] = 0;
        b[at + 2] = 1;
        const auto found = find_start_code(b);
        CHECK((found == at && find_start_code(b, at) == at));
        CHECK(find_start_code(b, at + 1) == size);
      }
}

TEST_CASE("annexb: no start code is found where there is none", "[annexb]") {
  for (const auto* none :
       {"", "00", "00 00", "00 01", "01", "00 00 02", "00 01 00 01 00 00", "00 00 00 00", "01 01 01 01"}) {
    INFO(none);
    const auto b = from_hex(none);
    for (std::size_t from = 0; from < b.size() + 5; ++from) CHECK(find_start_code(b, from) == b.size());
  }
  CHECK(find_start_code({}, static_cast<std::size_t>(-1)) == 0);
}

TEST_CASE("annexb: ISO 14496-15 5.3.4.2, NAL units behind their lengths", "[annexb]") {
  std::vector<std::uint8_t> data;
  append_length_prefixed(data, from_hex("67 64"));
  append_length_prefixed(data, {});
  append_length_prefixed(data, from_hex("65"));
  CHECK(to_hex(data) == "000000026764000000000000000165");

  const auto listed = [](bytes_view b) {
    std::string text;
    for_each_nal(b, [&](bytes_view nal) { text += "[" + to_hex(nal) + "]"; });
    return text;
  };
  CHECK(listed(data) == "[6764][65]");
  CHECK(to_hex(to_annexb(data)) == "0000000167640000000165");

  const char* by_size[] = {"",       "",       "",       "",       "",       "",       "[6764]", "[6764]",
                           "[6764]", "[6764]", "[6764]", "[6764]", "[6764]", "[6764]", "[6764]", "[6764][65]"};
  REQUIRE(data.size() == 15);
  for (std::size_t size = 0; size <= data.size(); ++size) {
    INFO(size << " bytes are left");
    CHECK(listed(bytes_view{data}.first(size)) == by_size[size]);
  }
  CHECK(listed(from_hex("ff ff ff ff 41")).empty());
  CHECK(listed(from_hex("00 00 00 01 41 ff ff ff ff 42")) == "[41]");
}

TEST_CASE("annexb: what was split is put together again", "[annexb]") {
  class collector final : public nal_sink {
   public:
    void nal_begin() override { nal.clear(); }
    void nal_bytes(bytes_view piece) override { nal.insert(nal.end(), piece.begin(), piece.end()); }
    void nal_end() override { append_length_prefixed(data, nal); }
    std::vector<std::uint8_t> nal, data;
  } out;
  const auto stream = from_hex("00 00 00 01 67 64 00 1f 00 00 00 01 68 eb 00 00 00 01 65 88 00 00 03 00 10");
  annexb_splitter s{out};
  for (const auto byte : stream) s.push({&byte, 1});
  s.end();
  CHECK(to_annexb(out.data) == stream);
}
