// Boxes that are found and set right, whole and broken.
#include "net/egress/mp4_boxes.hpp"

#include <string_view>

#include "tests/support/catch.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

bytes box(std::string_view name, const bytes& content) {
  bytes b(8);
  store_be32(b.data(), static_cast<std::uint32_t>(8 + content.size()));
  std::copy(name.begin(), name.end(), b.begin() + 4);
  append(b, content);
  return b;
}

bytes operator+(bytes a, const bytes& b) {
  append(a, b);
  return a;
}

/// mvhd or mdhd, or with `track_id` tkhd, up to the duration, which is all 0xdd.
bytes header_content(bool wide, std::uint32_t scale_or_id, bool track_header) {
  bytes b{static_cast<std::uint8_t>(wide), 0, 0, 0};
  b.resize(b.size() + (wide ? 16 : 8));
  b.resize(b.size() + 4);
  store_be32(&b[b.size() - 4], scale_or_id);
  if (track_header) b.resize(b.size() + 4);
  b.resize(b.size() + (wide ? 8 : 4), 0xdd);
  return b;
}

bytes movie(bool wide) {
  const auto track = box("tkhd", header_content(wide, 1, true)) +
                     box("mdia", box("mdhd", header_content(wide, 90000, false)) + box("hdlr", {1, 2, 3}));
  return box("ftyp", {1, 2, 3, 4}) +
         box("moov", box("mvhd", header_content(wide, 1000, false)) + box("trak", track) + box("mvex", {}));
}

}  // namespace

TEST_CASE("mp4_boxes: the duration fields of a header, in both versions", "[mp4_boxes]") {
  for (const bool wide : {false, true}) {
    INFO(wide);
    const auto b = movie(wide);
    const auto found = find_mp4_durations(b);
    REQUIRE(found.size() == 3);
    const std::uint32_t scales[] = {1000, 1000, 90000};
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(found[i].wide == wide);
      CHECK(found[i].timescale == scales[i]);
      const std::size_t size = wide ? 8 : 4;
      REQUIRE(found[i].at + size <= b.size());
      for (std::size_t k = 0; k < size; ++k) CHECK(b[found[i].at + k] == 0xdd);
      CHECK(b[found[i].at - 1] != 0xdd);
    }
  }
}

TEST_CASE("mp4_boxes: a header that is cut or garbled is never read beyond", "[mp4_boxes]") {
  const auto whole = movie(true);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
    for (const auto& d : find_mp4_durations(cut)) CHECK(d.at + (d.wide ? 8 : 4) <= n);
  }
  for (std::size_t n = 0; n < whole.size(); ++n)
    for (const std::uint8_t v : bytes{0x00, 0x01, 0x07, 0x7f, 0xff}) {
      auto b = whole;
      b[n] = v;
      for (const auto& d : find_mp4_durations(b)) CHECK(d.at + (d.wide ? 8 : 4) <= b.size());
    }
}

TEST_CASE("mp4_boxes: the decode time of a fragment", "[mp4_boxes]") {
  const auto time = bytes{1, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9};
  auto b =
      box("moof", box("mfhd", bytes(8)) + box("traf", box("tfhd", bytes(8)) + box("tfdt", time))) + box("mdat", {7});
  REQUIRE(set_mp4_decode_time(b, 0x0102030405060708));
  const auto want = bytes{1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
  CHECK(b ==
        box("moof", box("mfhd", bytes(8)) + box("traf", box("tfhd", bytes(8)) + box("tfdt", want))) + box("mdat", {7}));
}

TEST_CASE("mp4_boxes: without a place for a decode time nothing is written", "[mp4_boxes]") {
  const auto inside = [](const bytes& in_traf) { return box("moof", box("traf", in_traf)); };
  const auto short_box = [] {
    auto b = box("tfdt", bytes(12, 1));
    b[3] = 0xff;  // longer than all there is
    return b;
  };
  for (auto b :
       {bytes{}, bytes(7, 1), bytes(100, 0), bytes(100, 0xff), box("moof", {}), inside({}), inside(box("tfdt", {})),
        inside(box("tfdt", bytes(8, 0))), inside(box("tfdt", bytes(12, 0))), inside(short_box())}) {
    const auto before = b;
    CHECK_FALSE(set_mp4_decode_time(b, 1));
    CHECK(b == before);
  }
}
