#include "net/codec/h264_syntax.hpp"

#include <functional>

#include "tests/support/bit_writer.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/real_sets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

/// An SPS of H.264, 7.3.2.1.1, spelled out.
struct sps_fields {
  unsigned profile = 77, level = 30;
  std::uint64_t chroma_format = 1, luma_minus8 = 0, chroma_minus8 = 0;  // of the profiles that have them
  std::function<void(bit_writer&)> scaling = [](bit_writer& w) { w.bit(false); };
  std::function<void(bit_writer&)> order_count = [](bit_writer& w) { w.ue(0).ue(2); };
  std::uint64_t columns = 40, rows = 30;  // macroblocks; rows are pairs if not frames_only
  bool frames_only = true;
  bool crops = false;
  std::uint64_t left = 0, right = 0, top = 0, bottom = 0;
  std::function<void(bit_writer&)> vui;
};

bytes make_sps(const sps_fields& f) {
  bit_writer w;
  w.bits(f.profile, 8).bits(0, 8).bits(f.level, 8).ue(0);
  if (f.profile >= 100) {
    w.ue(f.chroma_format);
    if (f.chroma_format == 3) w.bit(false);
    w.ue(f.luma_minus8).ue(f.chroma_minus8).bit(false);
    f.scaling(w);
  }
  w.ue(4);
  f.order_count(w);
  w.ue(1).bit(false).ue(f.columns - 1).ue(f.rows - 1).bit(f.frames_only);
  if (!f.frames_only) w.bit(true);
  w.bit(true).bit(f.crops);
  if (f.crops) w.ue(f.left).ue(f.right).ue(f.top).ue(f.bottom);
  w.bit(f.vui != nullptr);
  if (f.vui) f.vui(w);
  return w.nal({0x67});
}

/// A VUI (E.1.1) without anything before its timing.
bit_writer& timing(bit_writer& w, std::uint32_t units, std::uint32_t scale) {
  return w.bits(0, 4).bit(true).bits(units, 32).bits(scale, 32).bit(true);
}

}  // namespace

TEST_CASE("h264 syntax: SPS that encoders write", "[h264_syntax]") {
  for (const auto& real : h264_sets) {
    INFO(real.about);
    const auto p = h264::parse_sps(from_hex(real.sps));
    REQUIRE(p);
    CHECK(p->width == real.width);
    CHECK(p->height == real.height);
    CHECK(p->frame_rate == Approx(real.frame_rate).epsilon(1e-9));
    CHECK(p->profile == real.profile);
    CHECK(p->level == real.level);
    CHECK(p->chroma_format == real.chroma_format);
    CHECK(p->bit_depth_luma == real.bit_depth);
    CHECK(p->bit_depth_chroma == real.bit_depth);
    CHECK(p->reorder == real.reorder);
  }
}

TEST_CASE("h264 syntax: ISO 14496-15 5.3.3.1, the record that another muxer writes", "[h264_syntax]") {
  for (const auto& real : h264_sets) {
    INFO(real.about);
    CHECK(to_hex(h264::make_avcc({from_hex(real.sps)}, {from_hex(real.pps)})) == real.record);
  }
}

TEST_CASE("h264 syntax: ISO 14496-15 5.3.3.1, no more sets than the record counts", "[h264_syntax]") {
  const auto sps = make_sps({});
  CHECK(h264::make_avcc({}, {{0x68, 1}}).empty());
  CHECK(h264::make_avcc({{0x68, 1}}, {}).empty());
  CHECK(h264::make_avcc({{}}, {}).empty());

  const auto head = bytes{1, 77, 0, 30, 0xff};
  auto none = head;
  append(none, {0xe1, 0, static_cast<std::uint8_t>(sps.size())});
  append(none, sps);
  append(none, {0});
  CHECK(h264::make_avcc({sps}, {}) == none);

  const auto many = h264::make_avcc(nal_list(40, sps), nal_list(300, bytes{0x68}));
  CHECK(many.size() == 6 + 31 * (2 + sps.size()) + 1 + 255 * 3);
  CHECK(many[5] == (0xe0 | 31));
  CHECK(many[6 + 31 * (2 + sps.size())] == 255);

  CHECK(h264::make_avcc({sps}, {bytes(0xffff, 0x68)}).size() == none.size() + 2 + 0xffff);
  CHECK(h264::make_avcc({sps}, {bytes(0x10000, 0x68)}).empty());
  CHECK(h264::make_avcc({sps, bytes(0x10000, 0x67)}, {}).empty());
}

TEST_CASE("h264 syntax: 7.4.2.1.1, cropping counts in units of the chroma format and of fields", "[h264_syntax]") {
  struct row {
    const char* about;
    unsigned chroma_format;
    bool frames_only;
    int width, height;
  };
  // 640 x 480, less 1 + 2 units of columns and 3 + 4 of rows
  const row rows[] = {
      {"monochrome", 0, true, 637, 473}, {"monochrome fields", 0, false, 637, 466},
      {"4:2:0", 1, true, 634, 466},      {"4:2:0 fields", 1, false, 634, 452},
      {"4:2:2", 2, true, 634, 473},      {"4:2:2 fields", 2, false, 634, 466},
      {"4:4:4", 3, true, 637, 473},      {"4:4:4 fields", 3, false, 637, 466},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    sps_fields f;
    f.profile = 244;
    f.chroma_format = r.chroma_format;
    f.frames_only = r.frames_only;
    f.rows = r.frames_only ? 30 : 15;
    f.crops = true;
    f.left = 1, f.right = 2, f.top = 3, f.bottom = 4;
    const auto p = h264::parse_sps(make_sps(f));
    REQUIRE(p);
    CHECK(p->width == r.width);
    CHECK(p->height == r.height);
  }
}

TEST_CASE("h264 syntax: what stands before the size is stepped over", "[h264_syntax]") {
  struct row {
    const char* about;
    std::function<void(sps_fields&)> change;
  };
  const row rows[] = {
      {"order count type 1, no cycle",
       [](auto& f) { f.order_count = [](bit_writer& w) { w.ue(1).bit(true).se(-5).se(7).ue(0); }; }},
      {"order count type 1, 255 offsets",
       [](auto& f) {
         f.order_count = [](bit_writer& w) {
           w.ue(1).bit(false).se(0).se(0).ue(255);
           for (int i = 0; i < 255; ++i) w.se(i - 100);
         };
       }},
      {"order count type 2", [](auto& f) { f.order_count = [](bit_writer& w) { w.ue(2); }; }},
      {"scaling lists: none sent",
       [](auto& f) {
         f.profile = 100;
         f.scaling = [](bit_writer& w) { w.bit(true).bits(0, 8); };
       }},
      {"scaling lists: all in full",
       [](auto& f) {
         f.profile = 100;
         f.scaling = [](bit_writer& w) {
           w.bit(true);
           for (int list = 0; list < 8; ++list) {
             w.bit(true);
             for (int i = 0; i < (list < 6 ? 16 : 64); ++i) w.se(i % 2 == 0 ? 1 : -1);
           }
         };
       }},
      {"scaling lists: the default by a first 0, the rest of a list by a later one",
       [](auto& f) {
         f.profile = 100;
         f.scaling = [](bit_writer& w) { w.bit(true).bit(true).se(-8).bit(true).se(2).se(-10).bits(0, 6); };
       }},
      {"scaling lists: 12 in 4:4:4",
       [](auto& f) {
         f.profile = 244;
         f.chroma_format = 3;
         f.scaling = [](bit_writer& w) {
           w.bit(true).bits(0, 11).bit(true);
           for (int i = 0; i < 64; ++i) w.se(0);
         };
       }},
      {"scaling lists: a step to 256 is a step to 0",
       [](auto& f) {
         f.profile = 100;
         f.scaling = [](bit_writer& w) { w.bit(true).bit(true).se(127).se(121).bits(0, 7); };
       }},
      {"scaling lists: steps that wrap around 256",
       [](auto& f) {
         f.profile = 100;
         f.scaling = [](bit_writer& w) {
           w.bit(true).bit(true).se(-9);  // 255
           for (int i = 1; i < 16; ++i) w.se(2);
           w.bits(0, 7);
         };
       }},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    sps_fields f;
    r.change(f);
    f.vui = [](bit_writer& w) { timing(w, 1001, 60000).bits(0, 4); };
    const auto p = h264::parse_sps(make_sps(f));
    REQUIRE(p);
    CHECK(p->width == 640);
    CHECK(p->height == 480);
    CHECK(p->frame_rate == Approx(29.97).epsilon(1e-4));
  }
}

TEST_CASE("h264 syntax: E.1.1, what stands before and behind the timing", "[h264_syntax]") {
  const auto hrd = [](bit_writer& w, unsigned count) {
    w.bit(true).ue(count - 1).bits(0x5a, 8);
    for (unsigned i = 0; i < count; ++i) w.ue(1000).ue(2000).bit(true);
    w.bits(0xfffff, 20);
  };
  sps_fields f;
  f.vui = [&](bit_writer& w) {
    w.bit(true).bits(255, 8).bits(16, 16).bits(11, 16);  // extended sample aspect ratio
    w.bit(true).bit(true);                               // overscan
    w.bit(true).bits(0b1011, 4).bit(true).bits(0x010101, 24);
    w.bit(true).ue(2).ue(3);                          // chroma location
    w.bit(true).bits(1, 32).bits(40, 32).bit(false);  // timing
    hrd(w, 1);
    hrd(w, 32);
    w.bit(false).bit(true);
    w.bit(true).bit(true).ue(1).ue(2).ue(16).ue(16).ue(3).ue(4);  // restrictions
  };
  const auto p = h264::parse_sps(make_sps(f));
  REQUIRE(p);
  CHECK(p->frame_rate == 20);
  CHECK(p->reorder == 3);
}

TEST_CASE("h264 syntax: E.2.1, a clock that no camera has says nothing", "[h264_syntax]") {
  struct row {
    std::uint32_t units, scale;
    double rate;
  };
  const row rows[] = {{1, 50, 25},     {0, 50, 0},   {1, 0, 0},
                      {1, 2000, 1000}, {1, 2002, 0}, {1, 0xffffffffU, 0},
                      {2, 1, 0.25},    {0, 0, 0},    {0xffffffffU, 0xffffffffU, 0.5}};
  for (const auto& r : rows) {
    INFO(r.units << " " << r.scale);
    sps_fields f;
    f.vui = [&](bit_writer& w) { timing(w, r.units, r.scale).bits(0, 4); };
    const auto p = h264::parse_sps(make_sps(f));
    REQUIRE(p);
    CHECK(p->frame_rate == r.rate);
  }
}

TEST_CASE("h264 syntax: a VUI that breaks off leaves the size", "[h264_syntax]") {
  const auto with_vui = [](std::function<void(bit_writer&)> vui) {
    sps_fields f;
    f.vui = std::move(vui);
    return h264::parse_sps(make_sps(f));
  };
  const auto cut = with_vui([](bit_writer& w) { w.bits(0, 4).bit(true).bits(1, 32); });
  REQUIRE(cut);
  CHECK(cut->width == 640);
  CHECK(cut->frame_rate == 0);

  // An HRD of more entries than there may be: nothing behind it is believed.
  const auto hrd = with_vui([](bit_writer& w) {
    timing(w, 1, 50).bit(true).ue(32).bits(0, 8);
    for (int i = 0; i < 33; ++i) w.ue(0).ue(0).bit(false);
    w.bits(0, 20).bits(0b000, 3).bit(true).bit(true).ue(0).ue(0).ue(0).ue(0).ue(2).ue(2);
  });
  REQUIRE(hrd);
  CHECK(hrd->frame_rate == 25);
  CHECK(hrd->reorder == 0);

  const auto deep =
      with_vui([](bit_writer& w) { timing(w, 1, 50).bits(0, 3).bits(0b11, 2).ue(0).ue(0).ue(0).ue(0).ue(17).ue(17); });
  REQUIRE(deep);
  CHECK(deep->reorder == 0);
}

TEST_CASE("h264 syntax: SPS that can not be", "[h264_syntax]") {
  struct row {
    const char* about;
    std::function<void(sps_fields&)> change;
  };
  const row rows[] = {
      {"chroma format 4", [](auto& f) { f.profile = 100, f.chroma_format = 4; }},
      {"chroma format 2^31", [](auto& f) { f.profile = 100, f.chroma_format = 0x80000000; }},
      {"luma of 2^32 bits", [](auto& f) { f.profile = 100, f.luma_minus8 = 0xfffffffe; }},
      {"15 bits of luma", [](auto& f) { f.profile = 110, f.luma_minus8 = 7; }},
      {"15 bits of chroma", [](auto& f) { f.profile = 110, f.chroma_minus8 = 7; }},
      {"cycle of 256",
       [](auto& f) {
         f.order_count = [](bit_writer& w) {
           w.ue(1)
               .bit(true)
               .se(0)
               .se(0)
               .ue(256)
               .bits(~std::uint64_t{0}, 64)
               .bits(~std::uint64_t{0}, 64)
               .bits(~std::uint64_t{0}, 64)
               .bits(~std::uint64_t{0}, 64);
         };
       }},
      {"all columns cropped", [](auto& f) { f.crops = true, f.left = 160, f.right = 160; }},
      {"all rows cropped", [](auto& f) { f.crops = true, f.top = 240; }},
      {"cropping that wraps 32 bits", [](auto& f) { f.crops = true, f.left = 0xfffffffe, f.right = 2; }},
      {"wider than any level", [](auto& f) { f.columns = 1025; }},
      {"higher than any level", [](auto& f) { f.rows = 1025; }},
      {"2^32 columns", [](auto& f) { f.columns = 0xffffffff; }},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    sps_fields f;
    r.change(f);
    CHECK_FALSE(h264::parse_sps(make_sps(f)));
  }
  sps_fields largest;
  largest.columns = largest.rows = 1024;
  const auto p = h264::parse_sps(make_sps(largest));
  REQUIRE(p);
  CHECK(p->width == 16384);
  CHECK(p->height == 16384);

  CHECK_FALSE(h264::parse_sps({}));
  auto pps = make_sps({});
  pps[0] = 0x68;
  CHECK_FALSE(h264::parse_sps(pps));
}

TEST_CASE("h264 syntax: a cut SPS is none, or has the size of the whole", "[h264_syntax]") {
  for (const auto& real : h264_sets) {
    INFO(real.about);
    const auto whole = from_hex(real.sps);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const auto p = h264::parse_sps(cut);
      if (size < 8) CHECK_FALSE(p);
      if (!p) continue;
      CHECK(p->width == real.width);
      CHECK(p->height == real.height);
      CHECK((p->frame_rate == 0 || p->frame_rate == Approx(real.frame_rate)));
    }
  }
}

TEST_CASE("h264 syntax: 7.4.1.2.3, what begins an access unit", "[h264_syntax]") {
  struct row {
    const char* nal;
    bool vcl, key, first_slice, begins;
  };
  const row rows[] = {
      {"", false, false, false, false},      {"00 80", false, false, false, false},  // unspecified
      {"41 9a", true, false, true, true},                                            // slice, first macroblock 0
      {"41 5a", true, false, false, false},                                          // slice, another one
      {"01 80", true, false, true, true},                                            // refers to nothing
      {"41", true, false, false, false},                                             // cut
      {"65 88", true, true, true, true},                                             // IDR
      {"25 40", true, true, false, false},                                           //
      {"42 80", true, false, true, true},                                            // partition A
      {"43 80", true, false, false, false},                                          // partition B of slice 0
      {"44 80", true, false, false, false},                                          // partition C
      {"06 05", false, false, false, true},                                          // SEI
      {"67 64", false, false, false, true},                                          // SPS
      {"68 80", false, false, false, true},                                          // PPS
      {"09 f0", false, false, false, true},                                          // delimiter
      {"0a", false, false, false, false},                                            // ends belong to what they end
      {"0b", false, false, false, false},                                            //
      {"0c ff", false, false, false, false},                                         // filler
      {"6d 80", false, false, false, false},                                         // SPS extension
      {"6e 80", false, false, false, false},                                         // prefix
      {"6f 80", false, false, false, true},                                          // subset SPS
      {"72 80", false, false, false, true},                                          // reserved 18
      {"53 80", false, false, false, false},                                         // auxiliary picture
      {"74 80", false, false, false, false},                                         // slice extension
      {"7c 80", false, false, false, false},                                         // 28, of RFC 6184
  };
  for (const auto& r : rows) {
    INFO(r.nal);
    const auto nal = from_hex(r.nal);
    const auto type = h264::type_of(nal);
    CHECK(h264::is_vcl(type) == r.vcl);
    CHECK(h264::is_key(type) == r.key);
    CHECK(h264::is_first_slice(nal) == r.first_slice);
    CHECK(h264::begins_access_unit(nal) == r.begins);
  }
}

TEST_CASE("h264 syntax: profiles that the standard names", "[h264_syntax]") {
  int known = 0;
  for (int profile = 0; profile < 256; ++profile) known += h264::is_known_profile(profile) ? 1 : 0;
  CHECK(known == 16);
  for (const int profile : {66, 77, 88, 100, 110, 122, 244, 44}) CHECK(h264::is_known_profile(profile));
}
