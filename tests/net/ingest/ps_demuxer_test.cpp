#include "net/ingest/ps_demuxer.hpp"

#include "tests/support/allocations.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/ps_bench.hpp"

using namespace berth::net;
using namespace berth::tests;
using namespace berth::tests::ps;

// ---- sound streams ------------------------------------------------------------------------------------------------

TEST_CASE("ps_demuxer: 2.5.3: packs, maps and PES packets become units of their streams", "[ps_demuxer]") {
  const whole_stream s;
  bench b;
  b.push(s.all);
  CHECK_FALSE(b.out.open);  // the end code ends the last unit, it does not wait for more
  b.end();
  CHECK(b.units() == s.units);
  CHECK(b.malformed() == 0);
  CHECK(b.out.losses.empty());
  CHECK(b.out.access_unit_ends.empty());
}

TEST_CASE("ps_demuxer: how the bytes are cut into pieces does not matter", "[ps_demuxer]") {
  const whole_stream s;
  const auto check = [&](bench& b) {
    b.mark().end();
    CHECK(b.units() == s.units);
    CHECK(b.out.access_unit_ends == std::vector<recording_sink::marker>{{4, false}});
    CHECK(b.malformed() == 0);
  };
  SECTION("pieces of one size") {
    for (std::size_t size = 1; size <= s.all.size(); ++size) {
      INFO("pieces of " << size);
      bench b;
      b.in_pieces(s.all, size);
      check(b);
    }
  }
  SECTION("every pair of places") {
    const bytes_view all{s.all};
    for (std::size_t i = 0; i <= all.size(); ++i)
      for (std::size_t j = i; j <= std::min(all.size(), i + 40); ++j) {
        INFO("cut at " << i << " and " << j);
        bench b;
        b.demuxer.push(all.first(i));
        b.demuxer.push(all.subspan(i, j - i));
        b.demuxer.push(all.subspan(j));
        check(b);
      }
  }
}

TEST_CASE("ps_demuxer: 2.4.3.7: with PTS, with PTS and DTS, with neither", "[ps_demuxer]") {
  bench b;
  b.push(pack() + pes(0xe0, picture_bytes(40), {.stamps = at(90)}) +
         pes(0xe0, picture_bytes(41), {.stamps = raw_stamps{0x1ffffffff, 0x100000000}}) + pes(0xe0, picture_bytes(42)));
  b.end();
  const auto s = stream(0xe0, codec::unknown);
  CHECK(b.units() == std::vector<unit>{{s, at(90), picture_bytes(40)},
                                       {s, raw_stamps{0x1ffffffff, 0x100000000}, picture_bytes(41)},
                                       {s, std::nullopt, picture_bytes(42)}});
}

TEST_CASE("ps_demuxer: 2.5.3.3: packs with every amount of stuffing, and packs of MPEG-1", "[ps_demuxer]") {
  const auto p = pes(0xe0, picture_bytes(30), {.stamps = at(1)});
  for (std::size_t stuffing = 0; stuffing <= 7; ++stuffing) {
    INFO("stuffing " << stuffing);
    bench b;
    b.push(pack(stuffing) + p).end();
    CHECK(b.units() == std::vector<unit>{{stream(0xe0, codec::unknown), at(1), picture_bytes(30)}});
    CHECK(b.malformed() == 0);
  }
  bench b;
  b.push(pack_of_mpeg1() + p + pack_of_mpeg1() + p).end();
  CHECK(b.units().size() == 2);
  CHECK(b.malformed() == 0);
}

TEST_CASE("ps_demuxer: pictures and sound in turns stay apart", "[ps_demuxer]") {
  bench b;
  b.push(pack() + map({{0x24, 0xe0}, {0x0f, 0xc0}}));
  std::vector<unit> expected;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const bool sound = i % 3 == 1;
    const auto payload = sound ? bytes(15 + i, 0x55) : picture_bytes(50 + i);
    const pes_fields fields{.stamps = at(i),
                            .length = i % 2 == 0 && !sound ? std::optional<std::size_t>{0} : std::nullopt};
    b.push(pes(sound ? 0xc0 : 0xe0, payload, fields));
    expected.push_back({sound ? stream(0xc0, codec::aac) : stream(0xe0, codec::h265), at(i), payload});
  }
  b.end();
  CHECK(b.units() == expected);
}

TEST_CASE("ps_demuxer: payload goes on as views of the piece, without allocation", "[ps_demuxer]") {
  struct watcher final : elementary_sink {
    void unit_begin(const elementary_stream&, std::optional<raw_stamps>) override {}
    void bytes(bytes_view b) override {
      (b.data() >= piece.data() && b.data() + b.size() <= piece.data() + piece.size() ? inside : outside) += b.size();
    }
    void nal_begin() override {}
    void nal_bytes(bytes_view) override {}
    void nal_end() override {}
    void unit_end(bool) override {}
    void lost() override {}
    void access_unit_end() override {}
    bytes_view piece;
    std::size_t inside = 0, outside = 0;
  };
  for (const bool unbounded : {false, true}) {
    INFO((unbounded ? "unbounded" : "bounded"));
    watcher out;
    media_counters counters;
    ps_demuxer demuxer{out, counters};
    const auto payload = picture_bytes(60000);
    const auto all = pes(0xe0, payload, {.length = unbounded ? std::optional<std::size_t>{0} : std::nullopt});
    std::uint64_t taken = 0;
    for (std::size_t i = 0; i < all.size(); i += 1400) {
      out.piece = bytes_view{all}.subspan(i, std::min<std::size_t>(1400, all.size() - i));
      const auto before = allocations();
      demuxer.push(out.piece);
      taken += allocations() - before;
    }
    CHECK(out.inside + out.outside == payload.size());
    // No more than what may be the beginning of a start code at the end of a piece.
    if (!unbounded) CHECK(out.outside == 0);
    CHECK(out.outside <= 3 * (all.size() / 1400));
    CHECK(taken <= (unbounded ? all.size() / 1400 : 0));
  }
}

// ---- the map ------------------------------------------------------------------------------------------------------

TEST_CASE("ps_demuxer: 2.5.4: the map names the codecs, by the numbers of the field", "[ps_demuxer]") {
  struct row {
    std::uint8_t type, id;
    codec format;
  };
  const row rows[] = {{0x1b, 0xe0, codec::h264},   {0x24, 0xe1, codec::h265},       {0x80, 0xef, codec::svac_video},
                      {0x0f, 0xc0, codec::aac},    {0x90, 0xc1, codec::pcma},       {0x91, 0xdf, codec::pcmu},
                      {0x92, 0xc5, codec::g722_1}, {0x9b, 0xc6, codec::svac_audio}, {0x10, 0xe2, codec::other},
                      {0x03, 0xc0, codec::other},  {0x00, 0xc0, codec::other},      {0xff, 0xe0, codec::other}};
  for (const auto& r : rows) {
    INFO("stream type " << int{r.type});
    bench b;
    b.push(map({{r.type, r.id}}) + pes(r.id, {1, 2, 3})).end();
    REQUIRE(b.units().size() == 1);
    CHECK(b.units()[0].stream == stream(r.id, r.format));
    CHECK(b.malformed() == 0);
  }
}

TEST_CASE("ps_demuxer: without a map codecs are unknown, a map that comes late names them", "[ps_demuxer]") {
  bench b;
  b.push(pack() + pes(0xe0, picture_bytes(30)) + pes(0xc0, {1, 2}));
  CHECK_FALSE(b.demuxer.announced());
  b.push(pack() + map({{0x1b, 0xe0}}) + pes(0xe0, picture_bytes(30)) + pes(0xc0, {1, 2}));
  CHECK(b.demuxer.announced() == announced_tracks{true, false});
  b.push(pack() + map({{0x24, 0xe0}, {0x91, 0xc0}}) + pes(0xe0, picture_bytes(30)) + pes(0xc0, {1, 2})).end();
  CHECK(b.demuxer.announced() == announced_tracks{true, true});
  std::vector<codec> formats;
  for (const auto& u : b.units()) formats.push_back(u.stream.format);
  CHECK(formats ==
        std::vector<codec>{codec::unknown, codec::unknown, codec::h264, codec::unknown, codec::h265, codec::pcmu});
}

TEST_CASE("ps_demuxer: a map that is broken is counted, and what follows it is read", "[ps_demuxer]") {
  const auto good = map({{0x1b, 0xe0}});
  const auto changed = [&](std::size_t i, std::uint8_t v) {
    auto b = good;
    b[i] = v;
    return b;
  };
  const auto bounds = [](std::size_t size) { return packet(0xbc, bytes(size, 0xe0)); };
  struct row {
    const char* about;
    bytes map;
    std::uint64_t malformed;
    codec format;
  };
  const row rows[] = {{"sound", good, 0, codec::h264},
                      {"empty", packet(0xbc, {}), 1, codec::unknown},
                      {"of 3 bytes", packet(0xbc, {0xe1, 0xff, 0}), 1, codec::unknown},
                      {"without a length of its list", packet(0xbc, {0xe1, 0xff, 0, 0, 0}), 1, codec::unknown},
                      {"the program's descriptors reach past its end", changed(8, 1), 1, codec::unknown},
                      {"the list reaches past its end", changed(10, 1), 1, codec::h264},
                      {"a stream's descriptors reach past its end", changed(14, 1), 0, codec::h264},
                      {"as long as is looked at", bounds(ps_demuxer::max_header), 1, codec::unknown},
                      {"longer than any", bounds(ps_demuxer::max_header + 1), 1, codec::unknown},
                      {"much longer than any", bounds(50000), 1, codec::unknown}};
  for (const auto& r : rows) {
    INFO(r.about);
    for (const std::size_t size : {100000, 1000, 7, 1}) {
      INFO("pieces of " << size);
      bench b;
      b.in_pieces(pack() + r.map + pes(0xe0, picture_bytes(30)), size).end();
      CHECK(b.malformed() == r.malformed);
      CHECK(b.units() == std::vector<unit>{{stream(0xe0, r.format), std::nullopt, picture_bytes(30)}});
    }
  }
}

// ---- recognition --------------------------------------------------------------------------------------------------

TEST_CASE("ps_demuxer: a payload looks like a program stream by its first start code", "[ps_demuxer]") {
  for (int code = 0; code < 256; ++code) {
    INFO("00 00 01 " << code);
    const bool expected = (code >= 0xba && code <= 0xbc) || (code >= 0xc0 && code <= 0xef);
    const bytes b{0, 0, 1, static_cast<std::uint8_t>(code), 0, 0};
    CHECK(ps_demuxer::looks_like_ps(b) == expected);
    for (std::size_t n = 0; n < b.size(); ++n) CHECK_FALSE(ps_demuxer::looks_like_ps(bytes_view{b}.first(n)));
  }
  CHECK_FALSE(ps_demuxer::looks_like_ps(bytes{0, 0, 0, 1, 0xba, 0, 0}));
  CHECK_FALSE(ps_demuxer::looks_like_ps(bytes{1, 0, 1, 0xba, 0, 0}));
  CHECK_FALSE(ps_demuxer::looks_like_ps(bytes{0, 1, 1, 0xba, 0, 0}));
}
