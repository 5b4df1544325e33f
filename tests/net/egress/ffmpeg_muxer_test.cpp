// Fragmented MP4 and what it has in common with transport streams, read back by a demuxer.
#include "net/egress/ffmpeg_muxer.hpp"

#include <algorithm>
#include <string>

#include "net/egress/muxers.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/demuxed_media.hpp"
#include "tests/support/encoded_media.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

const char* demuxer_of(container c) { return c == container::fmp4 ? "mp4" : "mpegts"; }

std::vector<frame_ptr> frames_from(const std::vector<frame_ptr>& all, std::int64_t dts) {
  std::vector<frame_ptr> out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out), [&](const frame_ptr& f) { return f->dts >= dts; });
  return out;
}

/// Types and sizes of the boxes in a row; empty if they do not fill the bytes.
std::vector<std::pair<std::string, std::size_t>> boxes(bytes_view b) {
  std::vector<std::pair<std::string, std::size_t>> out;
  while (!b.empty()) {
    if (b.size() < 8 || load_be32(b.data()) < 8 || load_be32(b.data()) > b.size()) return {};
    out.emplace_back(std::string(b.begin() + 4, b.begin() + 8), load_be32(b.data()));
    b = b.subspan(load_be32(b.data()));
  }
  return out;
}
std::string box_names(bytes_view b) {
  std::string out;
  for (const auto& [name, size] : boxes(b)) out += name + " ";
  return out;
}

}  // namespace

TEST_CASE("ffmpeg_muxer: real frames come back whole, from the beginning and from any key chunk", "[ffmpeg_muxer]") {
  for (const auto c : {container::fmp4, container::ts})
    for (const auto format : {codec::h264, codec::h265})
      for (const int bframes : {0, 2}) {
        INFO(to_string(c) << " " << to_string(format) << " B " << bframes);
        const auto m = encode_pair(format, {.frames = 40, .gop = 10, .bframes = bframes, .first_dts = 123456789});
        for (const std::size_t first : {std::size_t{0}, std::size_t{10}, std::size_t{30}}) {
          INFO("from frame " << first);
          const auto mux = make_muxer(c, m.tracks);
          const auto header = mux->header();
          REQUIRE(header);
          CHECK_FALSE(header->key);
          bytes file = header->bytes;
          bool begun = false;
          for (const auto& f : m.all) {
            const auto k = mux->write(*f);
            REQUIRE(k);
            CHECK(k->key == f->key);
            CHECK(k->dts == f->dts);
            begun = begun || f == m.video[first];
            if (begun) append(file, k->bytes);
          }
          const auto v = frames_from(m.video, m.video[first]->dts);
          const auto a = frames_from(m.audio, m.video[first]->dts);
          const auto d = demux(file, demuxer_of(c));
          CHECK(compare(d, ffmpeg_name(format), v) == "");
          CHECK(compare(d, "aac", a) == "");
          REQUIRE(d.streams.size() == 2);
          const auto* const s = d.find(ffmpeg_name(format));
          REQUIRE(s != nullptr);
          CHECK(s->width == 320);
          CHECK(s->height == 240);
          CHECK(s->decoded == static_cast<int>(v.size()));
          CHECK(s->errors == 0);
          CHECK(d.find("aac")->sample_rate == 44100);
          CHECK(d.find("aac")->errors == 0);
        }
      }
}

TEST_CASE("fmp4_muxer: a chunk is one fragment with the frame's own bytes", "[ffmpeg_muxer]") {
  const auto m = encode_pair(codec::h264, {.frames = 12, .gop = 5});
  fmp4_muxer mux{m.tracks};
  CHECK(box_names(mux.header()->bytes) == "ftyp moov ");
  for (const auto& f : m.all) {
    const auto k = mux.write(*f);
    REQUIRE(k);
    const auto b = boxes(k->bytes);
    REQUIRE(b.size() == 2);
    CHECK(b[0].first == "moof");
    CHECK(b[1].first == "mdat");
    CHECK(bytes(k->bytes.begin() + static_cast<std::ptrdiff_t>(b[0].second) + 8, k->bytes.end()) == f->data);
  }
}

TEST_CASE("fmp4_muxer: H.265 is hvc1, since the parameter sets are in the header alone", "[ffmpeg_muxer]") {
  const auto v = encode_h265({.frames = 1});
  const auto header = fmp4_muxer{{v[0]->of}}.header();
  CHECK(find(header->bytes, "hvc1") < header->bytes.size());
  CHECK(find(header->bytes, "hev1") == header->bytes.size());
}

TEST_CASE("ffmpeg_muxer: irregular decode times are kept as they are", "[ffmpeg_muxer]") {
  auto v = encode_h264({.frames = 20, .gop = 5});
  const std::int64_t steps[] = {3600, 100, 7200, 1, 3599, 90000, 3600, 500, 12345, 1800};
  std::int64_t dts = 5000;
  for (std::size_t i = 0; i < v.size(); ++i) {
    auto f = std::make_shared<frame>(*v[i]);
    f->dts = f->pts = dts;
    dts += steps[i % 10];
    v[i] = f;
  }
  for (const auto c : {container::fmp4, container::ts}) {
    INFO(to_string(c));
    const auto mux = make_muxer(c, {v[0]->of});
    bytes file = mux->header()->bytes;
    for (const auto& f : v) append(file, mux->write(*f)->bytes);
    const auto d = demux(file, demuxer_of(c));
    REQUIRE(compare(d, "h264", v) == "");
    for (std::size_t i = 0; i < v.size(); ++i) CHECK(d.packets[i].dts == v[i]->dts);
  }
}

TEST_CASE("ffmpeg_muxer: stamps that a container can not say are moved, and no frame is lost", "[ffmpeg_muxer]") {
  const auto v = encode_h264({.frames = 6, .gop = 3});
  const std::int64_t dts[] = {-7200, -3600, 5000, 5000, 5000, 4000}, pts[] = {-7200, -3600, 5000, 4000, 9000, 4000};
  for (const auto c : {container::fmp4, container::ts}) {
    INFO(to_string(c));
    const auto mux = make_muxer(c, {v[0]->of});
    bytes file = mux->header()->bytes;
    for (std::size_t i = 0; i < v.size(); ++i) {
      auto f = *v[i];
      f.dts = dts[i];
      f.pts = pts[i];
      const auto k = mux->write(f);
      REQUIRE(k);
      append(file, k->bytes);
    }
    const auto d = demux(file, demuxer_of(c));
    REQUIRE(d.packets.size() == 6);
    const std::int64_t want_dts[] = {0, 1, 5000, 5001, 5002, 5003}, want_pts[] = {0, 1, 5000, 5001, 9000, 5003};
    for (std::size_t i = 0; i < 6; ++i) {
      INFO(i);
      CHECK(d.packets[i].dts == want_dts[i]);
      CHECK(d.packets[i].pts == want_pts[i]);
    }
  }
}

TEST_CASE("ffmpeg_muxer: the origin is subtracted", "[ffmpeg_muxer]") {
  const auto v = encode_h264({.frames = 10, .bframes = 2, .first_dts = 900000});
  for (const auto c : {container::fmp4, container::ts}) {
    INFO(to_string(c));
    const auto mux = make_muxer(c, {v[0]->of}, {.origin = 900000});
    bytes file = mux->header()->bytes;
    for (const auto& f : v) append(file, mux->write(*f)->bytes);
    CHECK(compare(demux(file, demuxer_of(c)), "h264", v, -900000) == "");
  }
}

TEST_CASE("fmp4_muxer: another track brings a new header in front of its first frame", "[ffmpeg_muxer]") {
  const auto first = encode_pair(codec::h264, {.frames = 10});
  const auto second = encode_h264({.width = 160, .height = 120, .frames = 10, .first_dts = 36000});
  fmp4_muxer mux{first.tracks};
  const auto header = mux.header();
  for (const auto& f : first.video) mux.write(*f);
  CHECK(mux.header() == header);

  const auto k = mux.write(*second[0]);
  REQUIRE(k);
  CHECK(k->key);
  CHECK(box_names(k->bytes) == "ftyp moov moof mdat ");
  CHECK(mux.header() != header);
  CHECK(std::equal(mux.header()->bytes.begin(), mux.header()->bytes.end(), k->bytes.begin()));
  // mfhd: the sequence number goes on
  CHECK(load_be32(&k->bytes[find(k->bytes, "mfhd") + 8]) == 11);

  bytes file = k->bytes;
  for (std::size_t i = 1; i < second.size(); ++i) {
    const auto n = mux.write(*second[i]);
    REQUIRE(n);
    CHECK(box_names(n->bytes) == "moof mdat ");
    append(file, n->bytes);
  }
  append(file, mux.write(*first.audio[0])->bytes);
  const auto d = demux(file, "mp4");
  CHECK(compare(d, "h264", second) == "");
  CHECK(d.find("h264")->width == 160);
  CHECK(d.find("h264")->errors == 0);
  CHECK(d.find("aac")->packets == 1);
}

TEST_CASE("ffmpeg_muxer: sound alone may be begun anywhere, with the header", "[ffmpeg_muxer]") {
  const auto a = encode_aac(40, 48000, 1, 900000);
  for (const auto c : {container::fmp4, container::ts})
    for (const std::size_t first : {std::size_t{0}, std::size_t{17}}) {
      INFO(to_string(c) << " " << first);
      const auto mux = make_muxer(c, {a[0]->of});
      bytes file;
      for (std::size_t i = 0; i < a.size(); ++i) {
        if (i == first) file = mux->header()->bytes;
        const auto k = mux->write(*a[i]);
        REQUIRE(k);
        CHECK(k->key);
        if (i >= first) append(file, k->bytes);
      }
      const auto d = demux(file, demuxer_of(c));
      CHECK(compare(d, "aac", {a.begin() + static_cast<std::ptrdiff_t>(first), a.end()}) == "");
      CHECK(d.find("aac")->errors == 0);
    }
}

TEST_CASE("fmp4_muxer: a sound track that comes later is taken, with a new header", "[ffmpeg_muxer]") {
  const auto m = encode_pair(codec::h264, {.frames = 20, .gop = 10});
  fmp4_muxer mux{{m.tracks[0]}};
  for (std::size_t i = 0; i < 10; ++i) mux.write(*m.video[i]);
  CHECK(box_names(mux.write(*m.audio[20])->bytes) == "ftyp moov moof mdat ");
  CHECK(box_names(mux.write(*m.video[10])->bytes) == "moof mdat ");
}

TEST_CASE("ffmpeg_muxer: G.711 is passed over, and the video goes on without it", "[ffmpeg_muxer]") {
  const auto v = encode_h264({.frames = 10});
  const auto g = make_g711(codec::pcma, 10);
  for (const auto c : {container::fmp4, container::ts}) {
    INFO(to_string(c));
    const auto mux = make_muxer(c, {v[0]->of, g[0]->of});
    bytes file = mux->header()->bytes;
    for (const auto& f : v) append(file, mux->write(*f)->bytes);
    CHECK(mux->write(*g[0]) == nullptr);
    const auto d = demux(file, demuxer_of(c));
    CHECK(d.streams.size() == 1);
    CHECK(compare(d, "h264", v) == "");
  }
}

TEST_CASE("ffmpeg_muxer: Opus goes into both", "[ffmpeg_muxer]") {
  auto t = std::make_shared<track>();
  t->format = codec::opus;
  t->kind = media_kind::audio;
  t->sample_rate = 48000;
  t->channels = 2;
  t->configuration = {'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1, 2, 0x38, 1, 0x80, 0xbb, 0, 0, 0, 0, 0};
  std::vector<frame_ptr> frames;
  for (int i = 0; i < 20; ++i) {
    auto f = std::make_shared<frame>();
    f->of = t;
    f->dts = f->pts = 90000 + i * 1800;
    f->data = {0xfc, 0xff, 0xfe};  // 20 ms of silence
    frames.push_back(f);
  }
  for (const auto c : {container::fmp4, container::ts}) {
    INFO(to_string(c));
    const auto mux = make_muxer(c, {t});
    bytes file = mux->header()->bytes;
    for (const auto& f : frames) {
      const auto k = mux->write(*f);
      REQUIRE(k);
      append(file, k->bytes);
    }
    const auto d = demux(file, demuxer_of(c));
    CHECK(compare(d, "opus", frames) == "");
    REQUIRE(d.find("opus") != nullptr);
    CHECK(d.find("opus")->sample_rate == 48000);
    CHECK(d.find("opus")->errors == 0);
  }
}

TEST_CASE("ffmpeg_muxer: without a track there is nothing, until one comes", "[ffmpeg_muxer]") {
  const auto v = encode_h264({.frames = 3});
  for (const auto c : {container::flv, container::fmp4, container::ts}) {
    INFO(to_string(c));
    const auto mux = make_muxer(c, {});
    REQUIRE(mux->header());
    frame nothing;
    CHECK(mux->write(nothing) == nullptr);
    CHECK(mux->write(*v[0]) != nullptr);
    CHECK(mux->header()->bytes.size() > 0);
  }
}

TEST_CASE("ffmpeg_muxer: lengths that lie harm nothing, and later frames are whole", "[ffmpeg_muxer]") {
  const auto v = encode_h264({.frames = 10, .gop = 5});
  const bytes hostile[] = {{},
                           {0},
                           {0, 0, 0},
                           {0, 0, 0, 0},
                           {0, 0, 0, 1},
                           {0, 0, 0, 1, 0x65},
                           {0, 0, 0, 0, 0, 0, 0, 0},
                           {0, 0, 0, 2, 0x65},
                           {0xff, 0xff, 0xff, 0xff, 0x65, 1, 2},
                           {0x7f, 0xff, 0xff, 0xff},
                           {0, 0, 0, 1, 0x65, 0, 0, 0, 9, 0x41},
                           bytes(1000, 0),
                           bytes(1000, 0xff)};
  for (const auto c : {container::flv, container::fmp4, container::ts}) {
    INFO(to_string(c));
    const auto mux = make_muxer(c, {v[0]->of});
    for (const auto& h : hostile) mux->write(changed_frame(*v[0], h));
    // every way to cut a real frame
    for (std::size_t n = 0; n < std::min<std::size_t>(v[1]->data.size(), 300); ++n)
      mux->write(changed_frame(*v[1], bytes(v[1]->data.begin(), v[1]->data.begin() + static_cast<std::ptrdiff_t>(n))));
    bytes file = mux->header()->bytes;
    for (auto f : v) {
      auto later = *f;
      later.dts = later.pts = f->dts + 900000;
      const auto k = mux->write(later);
      REQUIRE(k);
      append(file, k->bytes);
    }
    const auto d = demux(file, c == container::flv ? "flv" : demuxer_of(c));
    CHECK(compare(d, "h264", v, 900000) == "");
    CHECK(d.find("h264")->errors == 0);
  }
}

TEST_CASE("ffmpeg_muxer: a configuration that is garbage is refused without harm", "[ffmpeg_muxer]") {
  const auto v = encode_h264({.frames = 2});
  for (const auto format : {codec::h264, codec::h265, codec::aac, codec::opus})
    for (const auto& configuration : {bytes{0}, bytes{1}, bytes{1, 2, 3, 4, 5, 6}, bytes(7, 0xff), bytes(200, 0xff)}) {
      auto t = std::make_shared<track>(*v[0]->of);
      t->format = format;
      t->kind = is_video(format) ? media_kind::video : media_kind::audio;
      t->configuration = configuration;
      for (const auto c : {container::flv, container::fmp4, container::ts}) {
        const auto mux = make_muxer(c, {t});
        frame f = *v[0];
        f.of = t;
        mux->write(f);
        mux->write(f);
        REQUIRE(mux->header());
      }
    }
}
