// Pictures made of key frames, and of what only looks like one.
#include "net/egress/snapshot.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/demuxed_media.hpp"
#include "tests/support/encoded_media.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

frame with_data(const frame& f, bytes data) {
  auto out = f;
  out.data = std::move(data);
  return out;
}

/// Of encoded_media's pattern, in full range: x + y of the first picture, made of 16..235.
double difference(const decoded_picture& p, int scale = 1) {
  double sum = 0;
  for (int y = 0; y < p.height; ++y)
    for (int x = 0; x < p.width; ++x) {
      const int limited = (x * scale + y * scale) & 0xff;
      const int full = std::min(255, std::max(0, (limited - 16) * 255 / 219));
      sum += std::abs(p.luma[static_cast<std::size_t>(y * p.width + x)] - full);
    }
  return sum / (p.width * p.height);
}

std::string error_of(const frame& f) {
  const auto s = make_snapshot(f);
  return s ? "" : s.error();
}

/// A picture or words.
void expect_no_harm(const frame& f) {
  const auto s = make_snapshot(f);
  if (s)
    CHECK(decode_jpeg(*s).width > 0);
  else
    CHECK(!s.error().empty());
}

}  // namespace

TEST_CASE("snapshot: a key frame becomes a JPEG of the same picture", "[snapshot]") {
  for (const auto& frames : {encode_h264({.frames = 3}), encode_h265({.frames = 3})}) {
    const auto s = make_snapshot(*frames[0]);
    REQUIRE(s);
    CHECK((*s)[0] == 0xff);
    CHECK((*s)[1] == 0xd8);
    const auto p = decode_jpeg(*s);
    REQUIRE(p.width == 320);
    REQUIRE(p.height == 240);
    CHECK(difference(p) < 8);
  }
}

TEST_CASE("snapshot: B-frames in the stream hold nothing back", "[snapshot]") {
  for (const auto& frames : {encode_h264({.frames = 12, .bframes = 3}), encode_h265({.frames = 12, .bframes = 3})})
    CHECK(make_snapshot(*frames[0]));
}

TEST_CASE("snapshot: wide pictures are made smaller, narrow ones are left", "[snapshot]") {
  const auto frames = encode_h264({.frames = 1});
  struct row {
    int max_width, width, height;
  };
  for (const auto& r : {row{0, 320, 240}, row{160, 160, 120}, row{320, 320, 240}, row{1000, 320, 240},
                        row{100, 100, 75}, row{33, 33, 24}, row{1, 1, 1}, row{-5, 320, 240}}) {
    INFO(r.max_width);
    const auto s = make_snapshot(*frames[0], {.max_width = r.max_width});
    REQUIRE(s);
    const auto p = decode_jpeg(*s);
    CHECK(p.width == r.width);
    CHECK(p.height == r.height);
  }
}

TEST_CASE("snapshot: quality costs bytes", "[snapshot]") {
  const auto frames = encode_h264({.frames = 1});
  const auto size = [&](int quality) { return make_snapshot(*frames[0], {.quality = quality})->size(); };
  CHECK(size(100) > size(80));
  CHECK(size(80) > size(20));
  CHECK(size(1) == size(-100));
  CHECK(size(100) == size(1000));
}

TEST_CASE("snapshot: what is no key frame of a video is refused", "[snapshot]") {
  const auto frames = encode_h264({.frames = 3});
  CHECK(error_of(*frames[1]) == "not a key frame");
  CHECK(error_of(with_data(*frames[0], {})) == "not a key frame");
  CHECK(error_of(frame{}) == "not a frame of H.264 or H.265");
  CHECK(error_of(*make_g711(codec::pcma, 1)[0]) == "not a frame of H.264 or H.265");
}

TEST_CASE("snapshot: garbage gives words, or a picture, and no harm", "[snapshot]") {
  for (const auto& frames : {encode_h264({.frames = 1}), encode_h265({.frames = 1})}) {
    const auto& good = *frames[0];
    for (const auto& data :
         {bytes{0}, bytes{0, 0, 0, 1}, bytes{0xff, 0xff, 0xff, 0xff}, bytes(1000, 0), bytes(1000, 0xff)})
      CHECK(error_of(with_data(good, data)).find("the picture can not be decoded: ") == 0);
    for (std::size_t n = 1; n < good.data.size(); n += 37)
      expect_no_harm(with_data(good, bytes(good.data.begin(), good.data.begin() + static_cast<std::ptrdiff_t>(n))));
    for (std::size_t n = 0; n < good.data.size(); n += 23) {
      auto data = good.data;
      data[n] ^= 0x55;
      expect_no_harm(with_data(good, data));
    }
    for (std::size_t n = 0; n < good.of->configuration.size(); ++n) {
      auto t = std::make_shared<track>(*good.of);
      t->configuration[n] ^= 0xff;
      auto f = good;
      f.of = t;
      expect_no_harm(f);
      t = std::make_shared<track>(*good.of);
      t->configuration.resize(n);
      f.of = t;
      expect_no_harm(f);
    }
  }
}

TEST_CASE("snapshot: too large pictures are refused, whoever says it", "[snapshot]") {
  const auto small = encode_h264({.frames = 1});
  auto said = std::make_shared<track>(*small[0]->of);
  said->width = largest_picture + 1;
  auto f = *small[0];
  f.of = said;
  CHECK(error_of(f) == "the picture is too large");
  said = std::make_shared<track>(*small[0]->of);
  said->height = largest_picture + 1;
  f.of = said;
  CHECK(error_of(f) == "the picture is too large");

  const auto wide = encode_h264({.width = largest_picture + 16, .height = 64, .frames = 1});
  auto silent = std::make_shared<track>(*wide[0]->of);
  silent->width = 320;
  f = *wide[0];
  f.of = silent;
  CHECK(error_of(f) == "the picture is too large");
}
