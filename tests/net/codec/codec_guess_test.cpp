#include "net/codec/codec_guess.hpp"

#include <initializer_list>

#include "net/codec/annexb.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/real_sets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

bytes stream_of(std::initializer_list<const char*> nals) {
  std::vector<std::uint8_t> data;
  for (const auto* nal : nals) append_length_prefixed(data, from_hex(nal));
  return to_annexb(data);
}

/// An ADTS frame of AAC LC, 44.1 kHz, stereo, `size` bytes long.
bytes adts_frame(std::size_t size, std::uint8_t profile_and_rate = 0x50) {
  bytes b(size, 0xd5);
  b[0] = 0xff, b[1] = 0xf1, b[2] = profile_and_rate;
  b[3] = static_cast<std::uint8_t>(0x80 | (size >> 11)), b[4] = static_cast<std::uint8_t>(size >> 3);
  b[5] = static_cast<std::uint8_t>((size << 5) | 0x1f), b[6] = 0xfc;
  return b;
}

}  // namespace

TEST_CASE("codec guess: video by the parameter sets that encoders write", "[codec_guess]") {
  for (const auto& real : h264_sets) {
    INFO(real.about);
    CHECK(guess_video(stream_of({real.sps, real.pps, "65 88 84"})) == codec::h264);
    CHECK(guess_video(stream_of({"09 f0", "06 05 01 00 80", real.sps, real.pps})) == codec::h264);
  }
  for (const auto& real : h265_sets) {
    INFO(real.about);
    CHECK(guess_video(stream_of({real.vps, real.sps, real.pps, "26 01 af"})) == codec::h265);
    CHECK(guess_video(stream_of({"46 01 50", real.sps})) == codec::h265);
  }
}

TEST_CASE("codec guess: H.264 with every nal_ref_idc but 0", "[codec_guess]") {
  auto sps = from_hex(h264_sets[0].sps);
  for (const int header : {0x27, 0x47, 0x67}) {
    sps[0] = static_cast<std::uint8_t>(header);
    CHECK(guess_video(stream_of({to_hex(sps).c_str()})) == codec::h264);
  }
  for (const int header : {0x07, 0xe7}) {
    sps[0] = static_cast<std::uint8_t>(header);
    CHECK(guess_video(stream_of({to_hex(sps).c_str()})) == codec::unknown);
  }
}

TEST_CASE("codec guess: without a sequence parameter set nothing is guessed of video", "[codec_guess]") {
  CHECK(guess_video({}) == codec::unknown);
  CHECK(guess_video(from_hex("00 00 01")) == codec::unknown);
  CHECK(guess_video(from_hex("00 00 01 42")) == codec::unknown);
  CHECK(guess_video(stream_of({"65 88 84 00 10", "41 9a 02"})) == codec::unknown);
  CHECK(guess_video(stream_of({"26 01 af 05", "02 01 d0"})) == codec::unknown);
  CHECK(guess_video(stream_of({h264_sets[0].pps})) == codec::unknown);
  CHECK(guess_video(stream_of({h265_sets[0].vps, h265_sets[0].pps})) == codec::unknown);
  CHECK(guess_video(from_hex(h264_sets[0].sps)) == codec::unknown);  // without a start code
  CHECK(guess_video(stream_of({"67 42 c0 1e"})) == codec::unknown);  // cut
  CHECK(guess_video(bytes(1000, 0xd5)) == codec::unknown);

  auto profile = from_hex(h264_sets[0].sps);
  profile[1] = 67;
  CHECK(guess_video(stream_of({to_hex(profile).c_str()})) == codec::unknown);
  auto layer = from_hex(h265_sets[0].sps);
  layer[1] = 0x09;
  CHECK(guess_video(stream_of({to_hex(layer).c_str()})) == codec::unknown);
}

TEST_CASE("codec guess: a set of one codec is none of the other's", "[codec_guess]") {
  // The first that can be read decides, whatever garbage looked like a NAL unit before.
  CHECK(guess_video(stream_of({"67 00 00 03", "42 00 ff", h265_sets[0].sps})) == codec::h265);
  CHECK(guess_video(stream_of({"42 01 01", "40 01", h264_sets[0].sps})) == codec::h264);
}

TEST_CASE("codec guess: audio is AAC if its frames follow each other", "[codec_guess]") {
  const auto a = adts_frame(200), b = adts_frame(300), other_rate = adts_frame(300, 0x54);
  CHECK(guess_audio(a) == codec::aac);
  CHECK(guess_audio(joined({a, b})) == codec::aac);
  CHECK(guess_audio(joined({a, b, a})) == codec::aac);
  CHECK(guess_audio(joined({a, other_rate})) == codec::pcma);
  CHECK(guess_audio(joined({a, bytes(50, 0xd5)})) == codec::pcma);
  CHECK(guess_audio(adts_frame(8000)) == codec::aac);
  for (std::size_t cut = 1; cut < b.size(); ++cut) {
    INFO(cut << " bytes of the second frame");
    CHECK(guess_audio(joined({a, bytes(b.begin(), b.begin() + static_cast<std::ptrdiff_t>(cut))})) == codec::aac);
  }
  for (std::size_t cut = 0; cut < a.size(); ++cut)
    CHECK(guess_audio(bytes_view{a}.first(cut)) == codec::pcma);  // a length that leads nowhere
  CHECK(guess_audio(joined({a, from_hex("fe")})) == codec::pcma);
  CHECK(guess_audio(joined({a, from_hex("ff e1")})) == codec::pcma);
  CHECK(guess_audio(joined({a, from_hex("ff f1")})) == codec::aac);
}

TEST_CASE("codec guess: audio without structure is G.711 A-law", "[codec_guess]") {
  CHECK(guess_audio({}) == codec::pcma);
  for (unsigned fill = 0; fill < 256; ++fill)
    CHECK(guess_audio(bytes(320, static_cast<std::uint8_t>(fill))) == codec::pcma);
}
