#include "net/codec/aac_syntax.hpp"

#include "tests/support/bit_writer.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hex.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

/// ISO/IEC 13818-7 6.2.1, 6.2.2.
struct adts_fields {
  unsigned sync = 0xfff, id = 0, layer = 0;
  bool has_crc = false;
  unsigned profile = 1, rate = 4, channels = 2;
  unsigned size = 200, blocks_minus1 = 0;
};

bytes make_adts(const adts_fields& f) {
  bit_writer w;
  w.bits(f.sync, 12).bits(f.id, 1).bits(f.layer, 2).bit(!f.has_crc).bits(f.profile, 2).bits(f.rate, 4).bit(true);
  w.bits(f.channels, 3).bits(0, 4).bits(f.size, 13).bits(0x7ff, 11).bits(f.blocks_minus1, 2);
  return w.raw();
}

}  // namespace

TEST_CASE("aac syntax: headers and configurations that an encoder writes", "[aac_syntax]") {
  struct row {
    const char *adts, *config;
    int sample_rate, channels;
    std::size_t size;
  };
  const row rows[] = {
      {"fff16c404c1ffc", "158856e500", 8000, 1, 608},  {"fff16c805abffc", "159056e500", 8000, 2, 725},
      {"fff16d8055bffc", "15b056e500", 8000, 6, 685},  {"fff16dc0567ffc", "15b856e500", 8000, 8, 691},
      {"fff16040413ffc", "140856e500", 16000, 1, 521}, {"fff1608059bffc", "141056e500", 16000, 2, 717},
      {"fff16180567ffc", "143056e500", 16000, 6, 691}, {"fff14c401b7ffc", "118856e500", 48000, 1, 219},
      {"fff14c8024fffc", "119056e500", 48000, 2, 295}, {"fff14dc032dffc", "11b856e500", 48000, 8, 406},
      {"fff150802b3ffc", "1210", 44100, 2, 345},
  };
  for (const auto& r : rows) {
    INFO(r.adts);
    const auto h = aac::parse_adts(from_hex(r.adts));
    REQUIRE(h);
    CHECK(h->object_type == 2);
    CHECK(h->sample_rate == r.sample_rate);
    CHECK(h->channels == r.channels);
    CHECK(h->frame_size == r.size);
    CHECK(h->header_size == 7);
    CHECK(h->blocks == 1);
    const auto config = from_hex(r.config);
    CHECK(aac::make_audio_specific_config(*h) == bytes(config.begin(), config.begin() + 2));
    const auto c = aac::parse_audio_specific_config(config);
    REQUIRE(c);
    CHECK(c->object_type == 2);
    CHECK(c->sample_rate == r.sample_rate);
    CHECK(c->channels == r.channels);
    CHECK(c->samples == 1024);
  }
}

TEST_CASE("aac syntax: ISO 13818-7 6.2, each field of the header", "[aac_syntax]") {
  constexpr int rates[] = {96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350};
  for (unsigned rate = 0; rate < 16; ++rate) {
    INFO("rate " << rate);
    const auto h = aac::parse_adts(make_adts({.rate = rate}));
    CHECK(h.has_value() == (rate < 13));
    if (h && rate < 13) CHECK(h->sample_rate == rates[rate]);
  }
  constexpr int channels[] = {0, 1, 2, 3, 4, 5, 6, 8};
  for (unsigned c = 0; c < 8; ++c) {
    INFO("channels " << c);
    const auto h = aac::parse_adts(make_adts({.channels = c}));
    CHECK(h.has_value() == (c > 0));
    if (h) CHECK(h->channels == channels[c]);
  }
  for (unsigned profile = 0; profile < 4; ++profile) {
    const auto h = aac::parse_adts(make_adts({.profile = profile}));
    REQUIRE(h);
    CHECK(h->object_type == static_cast<int>(profile) + 1);
  }
  CHECK(aac::parse_adts(make_adts({.id = 1})));
  CHECK_FALSE(aac::parse_adts(make_adts({.sync = 0xffe})));
  CHECK_FALSE(aac::parse_adts(make_adts({.sync = 0x7ff})));
  for (unsigned layer = 1; layer < 4; ++layer) CHECK_FALSE(aac::parse_adts(make_adts({.layer = layer})));
}

TEST_CASE("aac syntax: ISO 13818-7 6.2, the header grows with CRC and blocks, and a frame is longer", "[aac_syntax]") {
  for (unsigned blocks = 1; blocks <= 4; ++blocks) {
    INFO(blocks << " blocks");
    const auto plain = aac::parse_adts(make_adts({.blocks_minus1 = blocks - 1}));
    REQUIRE(plain);
    CHECK(plain->blocks == static_cast<int>(blocks));
    CHECK(plain->header_size == 7);
    const auto checked = aac::parse_adts(make_adts({.has_crc = true, .blocks_minus1 = blocks - 1}));
    REQUIRE(checked);
    CHECK(checked->header_size == 7 + 2 * blocks);

    const auto size = static_cast<unsigned>(checked->header_size);
    CHECK_FALSE(aac::parse_adts(make_adts({.has_crc = true, .size = size, .blocks_minus1 = blocks - 1})));
    CHECK(aac::parse_adts(make_adts({.has_crc = true, .size = size + 1, .blocks_minus1 = blocks - 1})));
  }
  CHECK_FALSE(aac::parse_adts(make_adts({.size = 0})));
  CHECK_FALSE(aac::parse_adts(make_adts({.size = 7})));
  CHECK(aac::parse_adts(make_adts({.size = 8})));
  const auto largest = aac::parse_adts(make_adts({.size = 8191}));
  REQUIRE(largest);
  CHECK(largest->frame_size == 8191);
}

TEST_CASE("aac syntax: a cut header is none", "[aac_syntax]") {
  const auto whole = make_adts({});
  REQUIRE(whole.size() == aac::adts_header_size);
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(aac::parse_adts(bytes_view{whole}.first(size)));
}

TEST_CASE("aac syntax: frames of one stream have the same header but for the size", "[aac_syntax]") {
  const auto a = aac::parse_adts(make_adts({}));
  REQUIRE(a);
  CHECK(a->same_stream(*aac::parse_adts(make_adts({.has_crc = true, .size = 99, .blocks_minus1 = 2}))));
  CHECK_FALSE(a->same_stream(*aac::parse_adts(make_adts({.profile = 0}))));
  CHECK_FALSE(a->same_stream(*aac::parse_adts(make_adts({.rate = 5}))));
  CHECK_FALSE(a->same_stream(*aac::parse_adts(make_adts({.channels = 1}))));
}

TEST_CASE("aac syntax: ISO 14496-3 1.6.2.1, what is written is read again", "[aac_syntax]") {
  for (int type = 1; type <= 4; ++type)
    for (const int rate : {96000, 44100, 8000, 7350, 1, 12345, 0xffffff})
      for (const int channels : {1, 2, 3, 4, 5, 6, 7, 8, 24}) {
        INFO(type << " " << rate << " " << channels);
        aac::adts_header h;
        h.object_type = type;
        h.sample_rate = rate;
        h.channels = channels;
        const auto config = aac::make_audio_specific_config(h);
        const bool in_table = rate == 96000 || rate == 44100 || rate == 8000 || rate == 7350;
        CHECK(config.size() == (in_table ? 2 : 5));
        const auto c = aac::parse_audio_specific_config(config);
        REQUIRE(c);
        CHECK(c->object_type == type);
        CHECK(c->sample_rate == rate);
        CHECK(c->channels == channels);
        CHECK(c->samples == 1024);
      }
  const auto make = [](int type, int rate, int channels) {
    aac::adts_header h;
    h.object_type = type;
    h.sample_rate = rate;
    h.channels = channels;
    return aac::make_audio_specific_config(h);
  };
  CHECK(to_hex(make(2, 44100, 2)) == "1210");
  CHECK(to_hex(make(2, 12345, 2)) == "1780181c90");
  CHECK(make(2, 0, 2).empty());
  CHECK(make(2, -1, 2).empty());
  CHECK(make(2, 0x1000000, 2).empty());
  CHECK(make(2, 44100, 0).empty());
  CHECK(make(2, 44100, 9).empty());
  CHECK(make(0, 44100, 2).empty());
  CHECK(make(5, 44100, 2).empty());
}

TEST_CASE("aac syntax: ISO 14496-3 1.6.2.1, each form of the configuration", "[aac_syntax]") {
  struct row {
    const char* about;
    bytes config;
    int object_type, sample_rate, channels, samples;  // 0 channels: none
  };
  const row rows[] = {
      {"LC", bit_writer{}.bits(2, 5).bits(3, 4).bits(2, 4).bits(0, 3).raw(), 2, 48000, 2, 1024},
      {"960 samples", bit_writer{}.bits(2, 5).bits(3, 4).bits(2, 4).bits(4, 3).raw(), 2, 48000, 2, 960},
      {"7.1, configuration 12", bit_writer{}.bits(2, 5).bits(3, 4).bits(12, 4).bits(0, 3).raw(), 2, 48000, 8, 1024},
      {"6.1, configuration 11", bit_writer{}.bits(2, 5).bits(3, 4).bits(11, 4).bits(0, 3).raw(), 2, 48000, 7, 1024},
      {"rate spelled out", bit_writer{}.bits(2, 5).bits(15, 4).bits(11111, 24).bits(1, 4).bits(0, 3).raw(), 2, 11111, 1,
       1024},
      {"SBR over LC", bit_writer{}.bits(5, 5).bits(6, 4).bits(2, 4).bits(3, 4).bits(2, 5).bit(false).raw(), 2, 24000, 2,
       1024},
      {"SBR, its rate spelled out",
       bit_writer{}.bits(5, 5).bits(6, 4).bits(1, 4).bits(15, 4).bits(50000, 24).bits(2, 5).bit(true).raw(), 2, 24000,
       1, 960},
      {"parametric stereo", bit_writer{}.bits(29, 5).bits(6, 4).bits(1, 4).bits(3, 4).bits(2, 5).bit(false).raw(), 2,
       24000, 1, 1024},
      {"object type 42", bit_writer{}.bits(31, 5).bits(10, 6).bits(4, 4).bits(2, 4).raw(), 42, 44100, 2, 1024},
      {"object type 0", bit_writer{}.bits(0, 5).bits(4, 4).bits(2, 4).bits(0, 3).raw(), 0, 0, 0, 0},
      {"reserved rate 13", bit_writer{}.bits(2, 5).bits(13, 4).bits(2, 4).bits(0, 3).raw(), 0, 0, 0, 0},
      {"reserved rate 14", bit_writer{}.bits(2, 5).bits(14, 4).bits(2, 4).bits(0, 3).raw(), 0, 0, 0, 0},
      {"a rate of 0", bit_writer{}.bits(2, 5).bits(15, 4).bits(0, 24).bits(2, 4).bits(0, 3).raw(), 0, 0, 0, 0},
      {"channels elsewhere", bit_writer{}.bits(2, 5).bits(4, 4).bits(0, 4).bits(0, 3).raw(), 0, 0, 0, 0},
      {"reserved channels", bit_writer{}.bits(2, 5).bits(4, 4).bits(8, 4).bits(0, 3).raw(), 0, 0, 0, 0},
      {"nothing", {}, 0, 0, 0, 0},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    const auto c = aac::parse_audio_specific_config(r.config);
    REQUIRE(c.has_value() == (r.channels > 0));
    if (!c) continue;
    CHECK(c->object_type == r.object_type);
    CHECK(c->sample_rate == r.sample_rate);
    CHECK(c->channels == r.channels);
    CHECK(c->samples == r.samples);
    // The last byte is needed: the flag behind the channels or the core codec's type stands in it.
    CHECK_FALSE(aac::parse_audio_specific_config(bytes_view{r.config}.first(r.config.size() - 1)));
  }
}
