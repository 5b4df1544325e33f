// FLV, byte by byte, and read back by a demuxer that is not ours.
#include "net/egress/flv_muxer.hpp"

#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/demuxed_media.hpp"
#include "tests/support/encoded_media.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

track_ptr make_track(codec format, bytes configuration = {}, int channels = 1) {
  auto t = std::make_shared<track>();
  t->format = format;
  t->kind = is_video(format) ? media_kind::video : media_kind::audio;
  t->configuration = std::move(configuration);
  if (is_video(format)) {
    t->width = 640;
    t->height = 480;
    t->frame_rate = 25;
  } else {
    t->sample_rate = 8000;
    t->channels = channels;
  }
  return t;
}

frame make_frame(track_ptr of, std::int64_t dts, std::int64_t pts, bool key, bytes data = {0, 0, 0, 1, 0x65}) {
  frame f;
  f.of = std::move(of);
  f.dts = dts;
  f.pts = pts;
  f.key = key;
  f.data = std::move(data);
  return f;
}

frame at(track_ptr of, std::int64_t ms, bool key = true) { return make_frame(std::move(of), ms * 90, ms * 90, key); }

/// The time stamp of the first tag in a chunk.
std::uint32_t stamp_of(const chunk& c) {
  const auto* const p = c.bytes.data();
  return (std::uint32_t{p[7]} << 24) | (std::uint32_t{p[4]} << 16) | (std::uint32_t{p[5]} << 8) | p[6];
}

}  // namespace

TEST_CASE("flv_muxer: the header of a video and an audio track, byte by byte", "[flv_muxer]") {
  const auto video = make_track(codec::h264, {1, 0x42, 0, 0x1e});
  const auto audio = make_track(codec::aac, {0x15, 0x88}, 2);
  const flv_muxer m{{video, audio}};
  const bytes want{
      'F',  'L', 'V', 1,   5,   0,   0,   0,   9,    0,    0,    0,    0,  //
      18,   0,   0,   201, 0,   0,   0,   0,   0,    0,    0,              //
      2,    0,   10,  'o', 'n', 'M', 'e', 't', 'a',  'D',  'a',  't',  'a',  8,    0,    0,    0,    9,    0,    8,
      'd',  'u', 'r', 'a', 't', 'i', 'o', 'n', 0,    0,    0,    0,    0,    0,    0,    0,    0,                    //
      0,    5,   'w', 'i', 'd', 't', 'h', 0,   0x40, 0x84, 0,    0,    0,    0,    0,    0,                          //
      0,    6,   'h', 'e', 'i', 'g', 'h', 't', 0,    0x40, 0x7e, 0,    0,    0,    0,    0,    0,                    //
      0,    9,   'f', 'r', 'a', 'm', 'e', 'r', 'a',  't',  'e',  0,    0x40, 0x39, 0,    0,    0,    0,    0,    0,  //
      0,    12,  'v', 'i', 'd', 'e', 'o', 'c', 'o',  'd',  'e',  'c',  'i',  'd',  0,    0x40, 0x1c, 0,    0,    0,
      0,    0,   0,  //
      0,    12,  'a', 'u', 'd', 'i', 'o', 'c', 'o',  'd',  'e',  'c',  'i',  'd',  0,    0x40, 0x24, 0,    0,    0,
      0,    0,   0,  //
      0,    15,  'a', 'u', 'd', 'i', 'o', 's', 'a',  'm',  'p',  'l',  'e',  'r',  'a',  't',  'e',  0,    0x40, 0xbf,
      0x40,                    //
      0,    0,   0,   0,   0,  //
      0,    15,  'a', 'u', 'd', 'i', 'o', 's', 'a',  'm',  'p',  'l',  'e',  's',  'i',  'z',  'e',  0,    0x40, 0x30,
      0,    0,                                           //
      0,    0,   0,   0,                                 //
      0,    6,   's', 't', 'e', 'r', 'e', 'o', 1,    1,  //
      0,    0,   9,   0,   0,   0,   212,                //
      9,    0,   0,   9,   0,   0,   0,   0,   0,    0,    0,    0x17, 0,    0,    0,    0,    1,    0x42, 0,    0x1e,
      0,    0,   0,   20,  //
      8,    0,   0,   4,   0,   0,   0,   0,   0,    0,    0,    0xaf, 0,    0x15, 0x88, 0,    0,    0,    15};
  CHECK(m.header()->bytes == want);
  CHECK_FALSE(m.header()->key);
}

TEST_CASE("flv_muxer: the duration is where it is said to be", "[flv_muxer]") {
  for (const auto& tracks : {std::vector{make_track(codec::h264, {1})}, std::vector{make_track(codec::pcma)}}) {
    const auto b = flv_muxer{tracks}.header()->bytes;
    const std::string name{b.begin() + static_cast<std::ptrdiff_t>(flv_muxer::duration_at) - 9,
                           b.begin() + static_cast<std::ptrdiff_t>(flv_muxer::duration_at) - 1};
    CHECK(name == "duration");
    CHECK(b[flv_muxer::duration_at - 1] == 0);
  }
}

TEST_CASE("flv_muxer: the header's flags say which tracks there are", "[flv_muxer]") {
  const auto v = make_track(codec::h264, {1}), a = make_track(codec::pcma);
  CHECK(flv_muxer{{v, a}}.header()->bytes[4] == 5);
  CHECK(flv_muxer{{v}}.header()->bytes[4] == 1);
  CHECK(flv_muxer{{a}}.header()->bytes[4] == 4);
  CHECK(flv_muxer{{}}.header()->bytes[4] == 0);
  CHECK(flv_muxer{{make_track(codec::opus, {1}), make_track(codec::h264)}}.header()->bytes[4] == 0);
}

TEST_CASE("flv_muxer: the tags of each codec, byte by byte", "[flv_muxer]") {
  struct row {
    const char* about;
    codec format;
    bool enhanced;
    int channels;
    bool key;
    std::int64_t dts, pts;
    bytes tag;
  };
  const row rows[] = {
      {"H.264 key frame", codec::h264, false, 0, true, 90000, 93600, {9, 0, 0,  10, 0, 3, 0xe8, 0,    0, 0, 0, 0x17, 1,
                                                                      0, 0, 40, 0,  0, 0, 1,    0x65, 0, 0, 0, 21}},
      {"H.264 inter frame", codec::h264, false, 0, false, 90000, 90000, {9, 0, 0,    10, 0, 3, 0xe8, 0, 0,
                                                                         0, 0, 0x27, 1,  0, 0, 0,    0, 0,
                                                                         0, 1, 0x65, 0,  0, 0, 21}},
      {"H.264 shown before it is decoded", codec::h264, false, 0, false, 90000, 89910, {9,    0,    0, 10,   0,
                                                                                        3,    0xe8, 0, 0,    0,
                                                                                        0,    0x27, 1, 0xff, 0xff,
                                                                                        0xff, 0,    0, 0,    1,
                                                                                        0x65, 0,    0, 0,    21}},
      {"H.265 by codec id", codec::h265, false, 0, true, 90000, 93600, {9, 0, 0,    10, 0, 3, 0xe8, 0, 0,
                                                                        0, 0, 0x1c, 1,  0, 0, 40,   0, 0,
                                                                        0, 1, 0x65, 0,  0, 0, 21}},
      {"H.265 by FourCC", codec::h265, true, 0, true, 90000, 93600, {9, 0,    0,   13,   0,   3,   0xe8, 0, 0,  0,
                                                                     0, 0x91, 'h', 'v',  'c', '1', 0,    0, 40, 0,
                                                                     0, 0,    1,   0x65, 0,   0,   0,    24}},
      {"H.265 by FourCC, inter frame", codec::h265, true, 0, false, 90000, 90000, {9,   0,   0,    13, 0,    3,   0xe8,
                                                                                   0,   0,   0,    0,  0xa1, 'h', 'v',
                                                                                   'c', '1', 0,    0,  0,    0,   0,
                                                                                   0,   1,   0x65, 0,  0,    0,   24}},
      {"H.264 stays as it is when enhanced", codec::h264, true, 0, true, 90000, 90000, {9, 0, 0, 10, 0,    3, 0xe8,
                                                                                        0, 0, 0, 0,  0x17, 1, 0,
                                                                                        0, 0, 0, 0,  0,    1, 0x65,
                                                                                        0, 0, 0, 21}},
      {"AAC", codec::aac, false, 1, false, 90000, 90000, {8,    0, 0, 7, 0, 3, 0xe8, 0, 0, 0, 0,
                                                          0xaf, 1, 0, 0, 0, 1, 0x65, 0, 0, 0, 18}},
      {"A-law", codec::pcma, false, 1, false, 90000, 90000, {8,    0, 0, 6, 0, 3,    0xe8, 0, 0, 0, 0,
                                                             0x72, 0, 0, 0, 1, 0x65, 0,    0, 0, 17}},
      {"mu-law", codec::pcmu, false, 1, false, 90000, 90000, {8,    0, 0, 6, 0, 3,    0xe8, 0, 0, 0, 0,
                                                              0x82, 0, 0, 0, 1, 0x65, 0,    0, 0, 17}},
      {"mu-law, stereo", codec::pcmu, false, 2, false, 90000, 90000, {8,    0, 0, 6, 0, 3,    0xe8, 0, 0, 0, 0,
                                                                      0x83, 0, 0, 0, 1, 0x65, 0,    0, 0, 17}},
      {"Opus by FourCC", codec::opus, true, 2, false, 90000, 90000, {8, 0, 0,    10,  0,   3,   0xe8, 0, 0,
                                                                     0, 0, 0x91, 'O', 'p', 'u', 's',  0, 0,
                                                                     0, 1, 0x65, 0,   0,   0,   21}},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    const auto t = make_track(r.format, {1}, r.channels);
    flv_muxer m{{t}, {.enhanced_flv = r.enhanced}};
    const auto c = m.write(make_frame(t, r.dts, r.pts, r.key));
    REQUIRE(c);
    CHECK(c->bytes == r.tag);
    CHECK(c->key == (r.key || !is_video(r.format)));
    CHECK(c->dts == r.dts);
  }
}

TEST_CASE("flv_muxer: the configuration of each codec stands in the header", "[flv_muxer]") {
  struct row {
    codec format;
    bool enhanced;
    bytes tag;  // the header's last
  };
  const row rows[] = {
      {codec::h264, false, {9, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0x17, 0, 0, 0, 0, 5, 6, 0, 0, 0, 18}},
      {codec::h265, false, {9, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0x1c, 0, 0, 0, 0, 5, 6, 0, 0, 0, 18}},
      {codec::h265, true, {9, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0x90, 'h', 'v', 'c', '1', 5, 6, 0, 0, 0, 18}},
      {codec::aac, false, {8, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0xaf, 0, 5, 6, 0, 0, 0, 15}},
      {codec::opus, true, {8, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0x90, 'O', 'p', 'u', 's', 5, 6, 0, 0, 0, 18}},
  };
  for (const auto& r : rows) {
    INFO(to_string(r.format) << (r.enhanced ? " enhanced" : ""));
    const flv_muxer m{{make_track(r.format, {5, 6})}, {.enhanced_flv = r.enhanced}};
    const auto& b = m.header()->bytes;
    REQUIRE(b.size() > r.tag.size());
    CHECK(bytes(b.end() - static_cast<std::ptrdiff_t>(r.tag.size()), b.end()) == r.tag);
  }
}

TEST_CASE("flv_muxer: time stamps have 32 bits, the upper ones apart, and wrap", "[flv_muxer]") {
  const auto t = make_track(codec::h264, {1});
  flv_muxer m{{t}};
  struct row {
    std::int64_t ms;
    bytes low_and_extension;
  };
  const row rows[] = {
      {0, {0, 0, 0, 0}},
      {1, {0, 0, 1, 0}},
      {0xffffff, {0xff, 0xff, 0xff, 0}},
      {0x1000000, {0, 0, 0, 1}},
      {0x1000001, {0, 0, 1, 1}},
      {0x7fffffff, {0xff, 0xff, 0xff, 0x7f}},
      {0x80000000, {0, 0, 0, 0x80}},
      {0xffffffff, {0xff, 0xff, 0xff, 0xff}},
      {0x100000000, {0, 0, 0, 0}},
      {0x100000028, {0, 0, 40, 0}},
  };
  for (const auto& r : rows) {
    INFO(r.ms);
    const auto c = m.write(at(t, r.ms));
    REQUIRE(c);
    CHECK(bytes(c->bytes.begin() + 4, c->bytes.begin() + 8) == r.low_and_extension);
    CHECK(stamp_of(*c) == static_cast<std::uint32_t>(r.ms));
  }
}

TEST_CASE("flv_muxer: stamps are rounded to the nearest ms, presentation but once", "[flv_muxer]") {
  const auto t = make_track(codec::h264, {1});
  flv_muxer m{{t}};
  struct row {
    std::int64_t dts, pts;
    std::uint32_t ms, composition;
  };
  for (const auto& r :
       {row{44, 44, 0, 0}, row{45, 45, 1, 0}, row{134, 135, 1, 1}, row{45, 224, 1, 1}, row{44, 225, 0, 3}}) {
    INFO(r.dts << " " << r.pts);
    const auto c = m.write(make_frame(t, r.dts, r.pts, true));
    REQUIRE(c);
    CHECK(stamp_of(*c) == r.ms);
    CHECK(c->bytes[15] == r.composition);
  }
}

TEST_CASE("flv_muxer: the origin becomes 0, and so does what is before it", "[flv_muxer]") {
  const auto t = make_track(codec::h264, {1});
  flv_muxer m{{t}, {.origin = 900000}};
  CHECK(stamp_of(*m.write(at(t, 9000))) == 0);
  CHECK(stamp_of(*m.write(at(t, 10000))) == 0);
  const auto c = m.write(at(t, 10040));
  CHECK(stamp_of(*c) == 40);
  CHECK(c->dts == 10040 * 90);
}

TEST_CASE("flv_muxer: a composition time that 24 bits can not say is cut", "[flv_muxer]") {
  const auto t = make_track(codec::h264, {1});
  flv_muxer m{{t}};
  const auto c = m.write(make_frame(t, 0, std::int64_t{0x1000000} * 90, true));
  REQUIRE(c);
  CHECK(bytes(c->bytes.begin() + 13, c->bytes.begin() + 16) == bytes{0x7f, 0xff, 0xff});
}

TEST_CASE("flv_muxer: another track brings its configuration in front of its first frame", "[flv_muxer]") {
  const auto first = make_track(codec::h264, {1}), second = make_track(codec::h264, {2, 3});
  flv_muxer m{{first}};
  const auto before = m.header();
  CHECK(m.write(at(first, 0))->bytes[12] == 1);
  CHECK(m.header() == before);

  const auto c = m.write(at(second, 0x1000028));
  REQUIRE(c);
  const bytes want{9, 0, 0, 7,  0, 0, 40, 1, 0, 0, 0, 0x17, 0, 0, 0, 0, 2, 3, 0, 0, 0,    18,  //
                   9, 0, 0, 10, 0, 0, 40, 1, 0, 0, 0, 0x17, 1, 0, 0, 0, 0, 0, 0, 1, 0x65, 0,  0, 0, 21};
  CHECK(c->bytes == want);
  CHECK(m.header() != before);
  CHECK(m.header()->bytes.size() == before->bytes.size() + 1);
  CHECK(m.write(at(second, 0x1000050))->bytes.size() == 25);

  const auto copy = std::make_shared<track>(*second);
  CHECK(m.write(at(copy, 0x1000078))->bytes.size() == 25);  // says the same
}

TEST_CASE("flv_muxer: an audio track that comes later is taken, a second one is not", "[flv_muxer]") {
  const auto v = make_track(codec::h264, {1}), a = make_track(codec::aac, {5}), other = make_track(codec::pcma);
  flv_muxer m{{v}};
  const auto c = m.write(at(a, 0));
  REQUIRE(c);
  CHECK(c->bytes[12] == 0);  // AACPacketType: sequence header
  CHECK_FALSE(c->key);
  CHECK(m.header()->bytes[4] == 5);

  flv_muxer two{{v, a, other}};
  CHECK(two.write(at(other, 0)) == nullptr);
  CHECK(two.write(at(a, 0))->bytes[12] == 1);
}

TEST_CASE("flv_muxer: what it can not carry gives nothing and changes nothing", "[flv_muxer]") {
  const auto v = make_track(codec::h264, {1});
  flv_muxer m{{v}};
  const auto before = m.header();
  CHECK(m.write(make_frame(nullptr, 0, 0, true)) == nullptr);
  CHECK(m.write(at(make_track(codec::opus, {1}), 0)) == nullptr);
  CHECK(m.write(at(make_track(codec::svac_video, {1}), 0)) == nullptr);
  CHECK(m.write(at(make_track(codec::h264), 0)) == nullptr);  // no configuration
  CHECK(m.write(make_frame(v, 0, 0, true, {})) == nullptr);
  CHECK(m.write(make_frame(make_track(codec::h264, {2}), 0, 0, true, bytes(0x1000000))) == nullptr);
  CHECK(m.header() == before);
}

TEST_CASE("flv_muxer: a frame whose lengths lie is carried as it is", "[flv_muxer]") {
  const auto v = make_track(codec::h264, {1});
  flv_muxer m{{v}};
  for (const auto& data : {bytes{0}, bytes{0, 0, 0}, bytes{0xff, 0xff, 0xff, 0xff}, bytes{0, 0, 0, 9, 0x65}}) {
    const auto c = m.write(make_frame(v, 0, 0, true, data));
    REQUIRE(c);
    CHECK(c->bytes.size() == 20 + data.size());
  }
}

TEST_CASE("flv_muxer: real frames come back whole, from the beginning and from the middle", "[flv_muxer]") {
  const auto video = encode_h264({.frames = 50, .gop = 10, .bframes = 2, .first_dts = 900000});
  struct row {
    std::vector<frame_ptr> audio;
    const char* name;
  };
  for (const auto& r :
       {row{encode_aac(80, 44100, 2, 900000), "aac"}, row{make_g711(codec::pcma, 50, 320, 900000), "pcm_alaw"},
        row{make_g711(codec::pcmu, 50, 320, 900000), "pcm_mulaw"}}) {
    INFO(r.name);
    const auto all = interleave(video, r.audio);
    for (const std::int64_t from : {std::int64_t{0}, video[20]->dts}) {
      flv_muxer m{{video[0]->of, r.audio[0]->of}};
      bytes file = m.header()->bytes;
      std::vector<frame_ptr> v, a;
      for (const auto& f : all) {
        const auto c = m.write(*f);
        REQUIRE(c);
        if (f->dts < from) continue;
        append(file, c->bytes);
        (is_video(f->of->format) ? v : a).push_back(f);
      }
      const auto d = demux(file, "flv");
      CHECK(compare(d, "h264", v) == "");
      CHECK(compare(d, r.name, a) == "");
      const auto* const s = d.find("h264");
      REQUIRE(s != nullptr);
      CHECK(s->width == 320);
      CHECK(s->height == 240);
      CHECK(s->decoded == static_cast<int>(v.size()));
      CHECK(s->errors == 0);
      CHECK(d.find(r.name)->errors == 0);
    }
  }
}

TEST_CASE("container: which codec goes into which", "[container]") {
  struct row {
    codec format;
    bool flv, enhanced_flv, fmp4, ts;
  };
  for (const auto& r :
       {row{codec::h264, true, true, true, true}, row{codec::h265, true, true, true, true},
        row{codec::aac, true, true, true, true}, row{codec::pcma, true, true, false, false},
        row{codec::pcmu, true, true, false, false}, row{codec::opus, false, true, true, true},
        row{codec::unknown, false, false, false, false}, row{codec::svac_video, false, false, false, false},
        row{codec::g722_1, false, false, false, false}, row{codec::other, false, false, false, false}}) {
    INFO(to_string(r.format));
    CHECK(can_carry(container::flv, r.format) == r.flv);
    CHECK(can_carry(container::flv, r.format, {.enhanced_flv = true}) == r.enhanced_flv);
    CHECK(can_carry(container::fmp4, r.format) == r.fmp4);
    CHECK(can_carry(container::ts, r.format) == r.ts);
  }
  CHECK(to_string(container::flv) == "flv");
  CHECK(to_string(container::fmp4) == "fmp4");
  CHECK(to_string(container::ts) == "ts");
}
