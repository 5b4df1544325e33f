// Frames in the forms that containers store, and every way to cut them short.
#include "net/source/container_units.hpp"

#include "net/codec/aac_syntax.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/recording_sink.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

container_unit unit_of(codec format, bytes configuration, bytes data, bool key = true) {
  container_unit u;
  u.stream = {1, format, 90000, 33};
  u.stamps = raw_stamps{10, 5};
  u.key = key;
  if (!configuration.empty()) u.configuration = std::make_shared<const bytes>(std::move(configuration));
  u.data = std::move(data);
  return u;
}

recording_sink::unit given(const container_unit& u) {
  recording_sink sink;
  give_unit(u, sink);
  REQUIRE(sink.sound);
  REQUIRE(sink.units.size() == 1);
  CHECK(sink.units[0].stamps == u.stamps);
  return sink.units[0];
}

const bytes avcc{1, 66, 0, 30, 0xff, 0xe1, 0, 3, 0x67, 1, 2, 1, 0, 2, 0x68, 9};
const bytes two_nals{0, 0, 0, 2, 0x65, 7, 0, 0, 0, 1, 0x41};

bytes hvcc_of(std::uint8_t length_size) {
  bytes b(23, 0);
  b[0] = 1;
  b[21] = static_cast<std::uint8_t>(0xfc | (length_size - 1));
  b[22] = 2;
  const bytes arrays{0x20, 0, 1, 0, 2, 0x40, 1, 0x21, 0, 1, 0, 3, 0x42, 1, 5};
  b.insert(b.end(), arrays.begin(), arrays.end());
  return b;
}

}  // namespace

TEST_CASE("container_units: lengths become NAL units, behind the sets of a key frame", "[container_units]") {
  const auto key = given(unit_of(codec::h264, avcc, two_nals));
  CHECK(key.nals == std::vector<bytes>{{0x67, 1, 2}, {0x68, 9}, {0x65, 7}, {0x41}});
  CHECK_FALSE(key.damaged);
  const auto other = given(unit_of(codec::h264, avcc, two_nals, false));
  CHECK(other.nals == std::vector<bytes>{{0x65, 7}, {0x41}});
}

TEST_CASE("container_units: lengths of every size, and arrays of sets", "[container_units]") {
  for (std::uint8_t size = 1; size <= 4; ++size) {
    bytes data(size, 0);
    data.back() = 2;
    data.insert(data.end(), {0x26, 1});
    const auto u = given(unit_of(codec::h265, hvcc_of(size), data));
    CHECK(u.nals == std::vector<bytes>{{0x40, 1}, {0x42, 1, 5}, {0x26, 1}});
    CHECK_FALSE(u.damaged);
  }
}

TEST_CASE("container_units: start codes stay, and sets behind start codes go before a key frame", "[container_units]") {
  const bytes sets{0, 0, 0, 1, 0x67, 1}, data{0, 0, 1, 0x65, 2};
  const bytes both{0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x65, 2};
  CHECK(given(unit_of(codec::h264, sets, data)).bytes == both);
  CHECK(given(unit_of(codec::h264, sets, data, false)).bytes == data);
  CHECK(given(unit_of(codec::h264, {}, data)).bytes == data);
}

TEST_CASE("container_units: AAC gets its header unless it has one", "[container_units]") {
  const auto config = aac::make_audio_specific_config({.sample_rate = 44100, .channels = 2});
  const bytes raw{1, 2, 3, 4, 5};
  const auto framed = given(unit_of(codec::aac, config, raw)).bytes;
  const auto header = aac::parse_adts(framed);
  REQUIRE(header);
  CHECK(header->frame_size == framed.size());
  CHECK(header->sample_rate == 44100);
  CHECK(given(unit_of(codec::aac, config, framed)).bytes == framed);
  CHECK(given(unit_of(codec::aac, {}, raw)).damaged);
}

TEST_CASE("container_units: what is cut is damaged, wherever it is cut", "[container_units]") {
  for (std::size_t size = 1; size < two_nals.size(); ++size) {
    const auto u = given(unit_of(codec::h264, avcc, {two_nals.begin(), two_nals.begin() + static_cast<long>(size)}));
    CHECK(u.damaged == (size != 6));
  }
  for (std::size_t size = 7; size < avcc.size(); ++size)
    CHECK(given(unit_of(codec::h264, {avcc.begin(), avcc.begin() + static_cast<long>(size)}, two_nals)).damaged);
}
