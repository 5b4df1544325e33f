#include "net/codec/h265_syntax.hpp"

#include <functional>

#include "tests/support/bit_writer.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/real_sets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

/// profile_tier_level, 7.3.3: Main, level 3. Sub-layers have a profile, a level, both or nothing, by turns.
void put_profile(bit_writer& w, unsigned sub_layers) {
  w.bits(0, 3).bits(1, 5).bits(0x60000000, 32).bits(0x900000000000, 48).bits(90, 8);
  for (unsigned i = 0; i + 1 < sub_layers; ++i) w.bits(i % 4, 2);
  if (sub_layers > 1) w.bits(0, 2 * (9 - sub_layers));
  for (unsigned i = 0; i + 1 < sub_layers; ++i) {
    if ((i % 4 & 2) != 0) w.bits(0x21, 8).bits(0xffffffff, 32).bits(0, 48);
    if ((i % 4 & 1) != 0) w.bits(0xff, 8);
  }
}

/// An SPS of H.265, 7.3.2.2.1, spelled out.
struct h265_sps_fields {
  unsigned sub_layers = 1;
  std::uint64_t chroma_format = 1;
  std::uint64_t width = 640, height = 480;
  bool crops = false;
  std::uint64_t left = 0, right = 0, top = 0, bottom = 0;
  std::uint64_t luma_minus8 = 0, chroma_minus8 = 0;
  unsigned order_bits_minus4 = 4;
  bool all_sub_layers = true;
  std::function<void(bit_writer&)> scaling = [](bit_writer& w) { w.bit(false); };
  std::function<void(bit_writer&)> pcm = [](bit_writer& w) { w.bit(false); };
  std::function<void(bit_writer&)> short_term = [](bit_writer& w) { w.ue(0); };
  std::function<void(bit_writer&)> long_term = [](bit_writer& w) { w.bit(false); };
  std::function<void(bit_writer&)> vui;
};

bytes make_h265_sps(const h265_sps_fields& f, const bytes& header = {0x42, 0x01}) {
  bit_writer w;
  w.bits(0, 4).bits(f.sub_layers - 1, 3).bit(true);
  put_profile(w, f.sub_layers);
  w.ue(0).ue(f.chroma_format);
  if (f.chroma_format == 3) w.bit(false);
  w.ue(f.width).ue(f.height).bit(f.crops);
  if (f.crops) w.ue(f.left).ue(f.right).ue(f.top).ue(f.bottom);
  w.ue(f.luma_minus8).ue(f.chroma_minus8).ue(f.order_bits_minus4).bit(f.all_sub_layers);
  for (unsigned i = f.all_sub_layers ? 0 : f.sub_layers - 1; i < f.sub_layers; ++i) w.ue(4).ue(i).ue(5);
  w.ue(0).ue(3).ue(0).ue(3).ue(1).ue(1);
  f.scaling(w);
  w.bits(0b11, 2);
  f.pcm(w);
  f.short_term(w);
  f.long_term(w);
  w.bits(0b11, 2).bit(f.vui != nullptr);
  if (f.vui) f.vui(w);
  w.bit(false);
  return w.nal(header);
}

/// A VUI (E.2.1) with nothing but its timing.
void put_timing(bit_writer& w, std::uint32_t units, std::uint32_t scale) {
  w.bits(0, 8).bit(true).bits(units, 32).bits(scale, 32).bits(0, 3);
}

struct vps_fields {
  unsigned sub_layers = 1;
  bool all_sub_layers = true;
  unsigned last_layer_id = 0;
  std::uint64_t last_layer_set = 0;
  std::uint32_t units = 1, scale = 25;
  bool has_timing = true;
};

bytes make_vps(const vps_fields& f) {
  bit_writer w;
  w.bits(0, 4).bits(3, 2).bits(0, 6).bits(f.sub_layers - 1, 3).bit(true).bits(0xffff, 16);
  put_profile(w, f.sub_layers);
  w.bit(f.all_sub_layers);
  for (unsigned i = f.all_sub_layers ? 0 : f.sub_layers - 1; i < f.sub_layers; ++i) w.ue(4).ue(2).ue(5);
  w.bits(f.last_layer_id, 6).ue(f.last_layer_set);
  for (std::uint64_t i = 0; i < f.last_layer_set && i < 1024; ++i) w.bits(~std::uint64_t{0}, f.last_layer_id + 1);
  w.bit(f.has_timing);
  if (f.has_timing) w.bits(f.units, 32).bits(f.scale, 32).bits(0, 2);
  return w.bit(false).nal({0x40, 0x01});
}

}  // namespace

TEST_CASE("h265 syntax: SPS that encoders write", "[h265_syntax]") {
  for (const auto& real : h265_sets) {
    INFO(real.about);
    const auto p = h265::parse_sps(from_hex(real.sps));
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
    CHECK(p->sub_layers == (std::string_view{real.about}.substr(0, 3) == "two" ? 2 : 1));
    CHECK(h265::frame_rate_of_vps(from_hex(real.vps)) == 0);
  }
}

TEST_CASE("h265 syntax: ISO 14496-15 8.3.3.1, the record that another muxer writes", "[h265_syntax]") {
  for (const auto& real : h265_sets) {
    INFO(real.about);
    CHECK(to_hex(h265::make_hvcc({from_hex(real.vps)}, {from_hex(real.sps)}, {from_hex(real.pps)})) == real.record);
  }
}

TEST_CASE("h265 syntax: ISO 14496-15 8.3.3.1, arrays are those that have a set", "[h265_syntax]") {
  const auto sps = make_h265_sps({});
  CHECK(h265::make_hvcc({{0x40, 1}}, {}, {{0x44, 1}}).empty());
  CHECK(h265::make_hvcc({}, {{0x44, 1}}, {}).empty());
  CHECK(h265::make_hvcc({}, {{}}, {}).empty());
  CHECK(h265::make_hvcc({bytes(0x10000, 0x40)}, {sps}, {}).empty());
  CHECK(h265::make_hvcc({}, {sps, bytes(0x10000, 0x42)}, {}).empty());
  CHECK(h265::make_hvcc({}, {sps}, {bytes(0x10000, 0x44)}).empty());

  const auto alone = h265::make_hvcc({}, {sps}, {});
  REQUIRE(alone.size() == 23 + 5 + sps.size());
  CHECK(alone[22] == 1);
  CHECK(alone[23] == (0x80 | 33));

  const auto two = h265::make_hvcc({}, {sps}, {{0x44, 1, 2}, {0x44, 1, 3, 4}});
  REQUIRE(two.size() == alone.size() + 3 + 5 + 6);
  CHECK(two[22] == 2);
  const bytes tail(two.end() - 14, two.end());
  CHECK(to_hex(tail) == "a200020003440102000444010304");
}

TEST_CASE("h265 syntax: 7.4.3.2.1, the window counts in units of the chroma format", "[h265_syntax]") {
  struct row {
    unsigned chroma_format;
    int width, height;
  };
  // 640 x 480, less 1 + 2 units of columns and 3 + 4 of rows
  for (const auto& r : {row{0, 637, 473}, row{1, 634, 466}, row{2, 634, 473}, row{3, 637, 473}}) {
    INFO("chroma format " << r.chroma_format);
    h265_sps_fields f;
    f.chroma_format = r.chroma_format;
    f.crops = true;
    f.left = 1, f.right = 2, f.top = 3, f.bottom = 4;
    const auto p = h265::parse_sps(make_h265_sps(f));
    REQUIRE(p);
    CHECK(p->width == r.width);
    CHECK(p->height == r.height);
    CHECK(p->chroma_format == static_cast<int>(r.chroma_format));
  }
}

TEST_CASE("h265 syntax: what stands before the VUI is stepped over", "[h265_syntax]") {
  struct row {
    const char* about;
    std::function<void(h265_sps_fields&)> change;
    int reorder;
  };
  const row rows[] = {
      {"nothing", [](auto&) {}, 0},
      {"4 sub-layers", [](auto& f) { f.sub_layers = 4; }, 3},
      {"7 sub-layers, said once", [](auto& f) { f.sub_layers = 7, f.all_sub_layers = false; }, 6},
      {"scaling lists: defaults", [](auto& f) { f.scaling = [](bit_writer& w) { w.bit(true).bit(false); }; }, 0},
      {"scaling lists: all by reference",
       [](auto& f) {
         f.scaling = [](bit_writer& w) {
           w.bits(0b11, 2);
           for (int i = 0; i < 20; ++i) w.bit(false).ue(0);
         };
       },
       0},
      {"scaling lists: all in full",
       [](auto& f) {
         f.scaling = [](bit_writer& w) {
           w.bits(0b11, 2);
           for (int i = 0; i < 20; ++i) {
             w.bit(true);
             if (i >= 12) w.se(-3);
             for (int k = 0; k < (i < 6 ? 16 : 64); ++k) w.se(k - 8);
           }
         };
       },
       0},
      {"pcm", [](auto& f) { f.pcm = [](bit_writer& w) { w.bit(true).bits(0x77, 8).ue(0).ue(2).bit(true); }; }, 0},
      {"short-term sets, in full",
       [](auto& f) {
         f.short_term = [](bit_writer& w) {
           w.ue(2).ue(2).ue(1).ue(0).bit(true).ue(3).bit(false).ue(1).bit(true);
           w.bit(false).ue(0).ue(0);
         };
       },
       0},
      {"short-term sets, by another",
       [](auto& f) {
         f.short_term = [](bit_writer& w) {
           w.ue(3).ue(2).ue(0).ue(0).bit(true).ue(0).bit(true);                // 2 pictures
           w.bit(true).bit(true).ue(0).bits(0b01, 2).bits(0b00, 2).bit(true);  // of 3, one is left out: 2
           w.bit(true).bit(false).ue(4).bits(0b111, 3);                        // 3
         };
       },
       0},
      {"64 short-term sets",
       [](auto& f) {
         f.short_term = [](bit_writer& w) {
           w.ue(64).ue(15).ue(0);
           for (int i = 0; i < 15; ++i) w.ue(0).bit(true);
           for (int i = 1; i < 64; ++i) w.bit(true).bit(true).ue(0).bits(0x7fff, 15).bits(0, 2);
         };
       },
       0},
      {"long-term pictures",
       [](auto& f) {
         f.order_bits_minus4 = 12;
         f.long_term = [](bit_writer& w) {
           w.bit(true).ue(32);
           for (int i = 0; i < 32; ++i) w.bits(0xabcd, 16).bit(true);
         };
       },
       0},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    h265_sps_fields f;
    r.change(f);
    f.vui = [](bit_writer& w) { put_timing(w, 1001, 30000); };
    const auto p = h265::parse_sps(make_h265_sps(f));
    REQUIRE(p);
    CHECK(p->width == 640);
    CHECK(p->height == 480);
    CHECK(p->profile == 1);
    CHECK(p->level == 90);
    CHECK(p->sub_layers == static_cast<int>(f.sub_layers));
    CHECK(p->reorder == r.reorder);
    CHECK(p->frame_rate == Approx(29.97).epsilon(1e-4));
  }
}

TEST_CASE("h265 syntax: E.2.1, what stands before the timing", "[h265_syntax]") {
  h265_sps_fields f;
  f.vui = [](bit_writer& w) {
    w.bit(true).bits(255, 8).bits(16, 16).bits(11, 16);
    w.bit(true).bit(true);
    w.bit(true).bits(0b1011, 4).bit(true).bits(0x010101, 24);
    w.bit(true).ue(2).ue(3);
    w.bits(0b101, 3);
    w.bit(true).ue(1).ue(2).ue(3).ue(4);
    w.bit(true).bits(2, 32).bits(25, 32);
  };
  const auto p = h265::parse_sps(make_h265_sps(f));
  REQUIRE(p);
  CHECK(p->frame_rate == 12.5);
}

TEST_CASE("h265 syntax: what is broken behind the size leaves the frame rate unknown", "[h265_syntax]") {
  struct row {
    const char* about;
    std::function<void(h265_sps_fields&)> change;
  };
  const row rows[] = {
      {"65 short-term sets", [](auto& f) { f.short_term = [](bit_writer& w) { w.ue(65); }; }},
      {"17 pictures in a set", [](auto& f) { f.short_term = [](bit_writer& w) { w.ue(1).ue(17).ue(0); }; }},
      {"33 long-term pictures", [](auto& f) { f.long_term = [](bit_writer& w) { w.bit(true).ue(33); }; }},
      {"order counts of 17 bits",
       [](auto& f) {
         f.order_bits_minus4 = 13;
         f.long_term = [](bit_writer& w) { w.bit(true).ue(0); };
       }},
      {"no ticks a picture", [](auto& f) { f.vui = [](bit_writer& w) { put_timing(w, 0, 25); }; }},
      {"no ticks a second", [](auto& f) { f.vui = [](bit_writer& w) { put_timing(w, 1, 0); }; }},
      {"1001 pictures a second", [](auto& f) { f.vui = [](bit_writer& w) { put_timing(w, 1, 1001); }; }},
      {"timing cut", [](auto& f) { f.vui = [](bit_writer& w) { w.bits(0, 8).bit(true).bits(1, 32).bits(3, 8); }; }},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    h265_sps_fields f;
    f.vui = [](bit_writer& w) { put_timing(w, 1, 25); };
    r.change(f);
    const auto p = h265::parse_sps(make_h265_sps(f));
    REQUIRE(p);
    CHECK(p->width == 640);
    CHECK(p->height == 480);
    CHECK(p->frame_rate == 0);
  }
}

TEST_CASE("h265 syntax: SPS that can not be", "[h265_syntax]") {
  struct row {
    const char* about;
    std::function<void(h265_sps_fields&)> change;
  };
  const row rows[] = {
      {"8 sub-layers", [](auto& f) { f.sub_layers = 8; }},
      {"chroma format 4", [](auto& f) { f.chroma_format = 4; }},
      {"chroma format 2^31", [](auto& f) { f.chroma_format = 0x80000000; }},
      {"luma of 2^32 bits", [](auto& f) { f.luma_minus8 = 0xfffffffe; }},
      {"no columns", [](auto& f) { f.width = 0; }},
      {"no rows", [](auto& f) { f.height = 0; }},
      {"wider than any level", [](auto& f) { f.width = 16385; }},
      {"higher than any level", [](auto& f) { f.height = 16385; }},
      {"2^32 columns", [](auto& f) { f.width = 0xfffffffe; }},
      {"all columns cut", [](auto& f) { f.crops = true, f.left = 319, f.right = 1; }},
      {"all rows cut", [](auto& f) { f.crops = true, f.bottom = 240; }},
      {"a window that wraps 32 bits", [](auto& f) { f.crops = true, f.top = 0xfffffffe, f.bottom = 2; }},
      {"17 bits of luma", [](auto& f) { f.luma_minus8 = 9; }},
      {"17 bits of chroma", [](auto& f) { f.chroma_minus8 = 9; }},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    h265_sps_fields f;
    r.change(f);
    CHECK_FALSE(h265::parse_sps(make_h265_sps(f)));
  }
  h265_sps_fields largest;
  largest.width = largest.height = 16384;
  CHECK(h265::parse_sps(make_h265_sps(largest)));
  CHECK_FALSE(h265::parse_sps({}));
  CHECK_FALSE(h265::parse_sps(make_h265_sps({}, {0x44, 0x01})));
  CHECK_FALSE(h265::parse_sps(make_h265_sps({}, {0x42, 0x09})));  // layer 1
  CHECK_FALSE(h265::parse_sps(make_h265_sps({}, {0x43, 0x01})));  // layer 32
}

TEST_CASE("h265 syntax: a cut SPS is none, or has the size of the whole", "[h265_syntax]") {
  for (const auto& real : h265_sets) {
    INFO(real.about);
    const auto whole = from_hex(real.sps);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const auto p = h265::parse_sps(cut);
      if (size < 20) CHECK_FALSE(p);
      if (!p) continue;
      CHECK(p->width == real.width);
      CHECK(p->height == real.height);
      CHECK((p->frame_rate == 0 || p->frame_rate == Approx(real.frame_rate)));
    }
  }
}

TEST_CASE("h265 syntax: 7.3.2.1, the timing of a VPS", "[h265_syntax]") {
  struct row {
    const char* about;
    std::function<void(vps_fields&)> change;
    double rate;
  };
  const row rows[] = {
      {"plain", [](auto&) {}, 25},
      {"7 sub-layers", [](auto& f) { f.sub_layers = 7; }, 25},
      {"5 sub-layers, said once", [](auto& f) { f.sub_layers = 5, f.all_sub_layers = false; }, 25},
      {"8 sub-layers", [](auto& f) { f.sub_layers = 8; }, 0},
      {"layer sets", [](auto& f) { f.last_layer_id = 62, f.last_layer_set = 3; }, 25},
      {"all layer sets", [](auto& f) { f.last_layer_set = 1023; }, 25},
      {"more layer sets", [](auto& f) { f.last_layer_set = 1024; }, 0},
      {"no timing", [](auto& f) { f.has_timing = false; }, 0},
      {"no ticks a picture", [](auto& f) { f.units = 0; }, 0},
      {"a fraction", [](auto& f) { f.units = 1001, f.scale = 60000; }, 60000.0 / 1001},
  };
  for (const auto& r : rows) {
    INFO(r.about);
    vps_fields f;
    r.change(f);
    CHECK(h265::frame_rate_of_vps(make_vps(f)) == r.rate);
  }
  const auto whole = make_vps({});
  for (std::size_t size = 0; size + 2 < whole.size(); ++size)
    CHECK(h265::frame_rate_of_vps(bytes_view{whole}.first(size)) == 0);
  auto sps = whole;
  sps[0] = 0x42;
  CHECK(h265::frame_rate_of_vps(sps) == 0);
}

TEST_CASE("h265 syntax: 7.4.2.4.4, what begins an access unit", "[h265_syntax]") {
  struct row {
    const char* nal;
    bool vcl, key, first_slice, begins;
  };
  const row rows[] = {
      {"", false, false, false, false},         {"02 01 d0", true, false, true, true},  // TRAIL_R, first segment
      {"02 01 50", true, false, false, false},                                          // another one
      {"02 01", true, false, false, false},                                             // cut
      {"00 01 80", true, false, true, true},                                            // TRAIL_N
      {"1e 01 80", true, false, true, true},                                            // 15
      {"20 01 80", true, true, true, true},                                             // BLA_W_LP
      {"26 01 af", true, true, true, true},                                             // IDR_W_RADL
      {"28 01 2f", true, true, false, false},                                           // IDR_N_LP
      {"2a 01 80", true, true, true, true},                                             // CRA
      {"2e 01 80", true, true, true, true},                                             // 23, reserved IRAP
      {"30 01 80", true, false, true, true},                                            // 24
      {"3e 01 80", true, false, true, true},                                            // 31
      {"40 01 0c", false, false, false, true},                                          // VPS
      {"42 01 01", false, false, false, true},                                          // SPS
      {"44 01 c1", false, false, false, true},                                          // PPS
      {"46 01 50", false, false, false, true},                                          // delimiter
      {"48 01", false, false, false, false},                                            // ends belong to what they end
      {"4a 01", false, false, false, false},                                            //
      {"4c 01 ff", false, false, false, false},                                         // filler
      {"4e 01 05", false, false, false, true},                                          // prefix SEI
      {"50 01 84", false, false, false, false},                                         // suffix SEI
      {"52 01 80", false, false, false, true},                                          // 41
      {"58 01 80", false, false, false, true},                                          // 44
      {"5a 01 80", false, false, false, false},                                         // 45
      {"5e 01 80", false, false, false, false},                                         // 47
      {"60 01 80", false, false, false, true},                                          // 48
      {"6e 01 80", false, false, false, true},                                          // 55
      {"70 01 80", false, false, false, false},                                         // 56
      {"7e 01 80", false, false, false, false},                                         // 63
      {"02 09 d0", true, false, true, false},                                           // layer 1
      {"03 01 d0", true, false, true, false},                                           // layer 32
      {"4e 09 05", false, false, false, false},                                         // SEI of layer 1
  };
  for (const auto& r : rows) {
    INFO(r.nal);
    const auto nal = from_hex(r.nal);
    const auto type = h265::type_of(nal);
    CHECK(h265::is_vcl(type) == r.vcl);
    CHECK(h265::is_key(type) == r.key);
    CHECK(h265::is_first_slice(nal) == r.first_slice);
    CHECK(h265::begins_access_unit(nal) == r.begins);
  }
  CHECK(h265::layer_of(from_hex("43f9")) == 63);
  CHECK(h265::layer_of(from_hex("43")) == 0);
}
