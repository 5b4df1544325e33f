// Files that are read back through the same frame maker as everything else, at their own pace, from anywhere.
#include "net/source/puller.hpp"

#include <algorithm>
#include <fstream>

#include "net/egress/media_file.hpp"
#include "net/ingest/media_outlet.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/condition.hpp"
#include "tests/support/encoded_media.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace berth::net;
using namespace berth::tests;
using namespace std::chrono_literals;

namespace {

using said = source_item::kind;

result<admitted_url, std::string> nothing_allowed(const std::string& url) {
  return failure{"'" + url + "' is not allowed"};
}

std::string write_film(const temporary_directory& in, file_format format, const std::vector<frame_ptr>& frames,
                       const std::vector<track_ptr>& tracks) {
  // Its owner ends it.
  const std::string path = in / "film";
  auto r = file_recorder::open(path, tracks, {.format = format, .fragmented = false});
  REQUIRE(r);
  for (const auto& f : frames) REQUIRE((*r)->write(*f) == "");
  REQUIRE((*r)->close().error == "");
  return path;
}

struct collector final : frame_sink {
  std::vector<frame_ptr> frames;
  void on_frame(frame_ptr f) override { frames.push_back(std::move(f)); }
};

/// A whole file as frames again.
std::vector<frame_ptr> read_film(const std::string& path) {
  const std::atomic<bool> stopped{false};
  auto in = lavf_input::open({.url = path, .file = true}, nothing_allowed, stopped);
  if (!in) FAIL(in.error());
  CHECK((*in)->has_served_tracks());
  collector frames;
  media_counters counters;
  frame_maker maker{frames, counters, {.stamps = stamp_mode::source}};
  container_unit unit;
  for (;;) {
    const auto what = (*in)->read(unit);
    if (what == lavf_input::outcome::end) break;
    REQUIRE(what == lavf_input::outcome::unit);
    give_unit(unit, maker);
  }
  maker.flush();
  CHECK(counters.undecodable.value() == 0);
  return frames.frames;
}

void check_same(const std::vector<frame_ptr>& wrote, const std::vector<frame_ptr>& read, media_kind kind,
                std::int64_t within) {
  std::vector<frame_ptr> a, b;
  const auto of_kind = [&](const frame_ptr& f) { return f->of->kind == kind; };
  std::copy_if(wrote.begin(), wrote.end(), std::back_inserter(a), of_kind);
  std::copy_if(read.begin(), read.end(), std::back_inserter(b), of_kind);
  REQUIRE(a.size() == b.size());
  const auto origin = wrote.front()->dts;
  const auto read_origin = read.front()->dts;
  for (std::size_t i = 0; i < a.size(); ++i) {
    INFO("frame " << i);
    REQUIRE(a[i]->data == b[i]->data);
    REQUIRE(a[i]->key == b[i]->key);
    REQUIRE(a[i]->of->format == b[i]->of->format);
    // An ADTS header has no room for all that an AudioSpecificConfig may say.
    if (kind == media_kind::video) REQUIRE(a[i]->of->configuration == b[i]->of->configuration);
    REQUIRE(a[i]->of->sample_rate == b[i]->of->sample_rate);
    REQUIRE(std::abs((a[i]->dts - origin) - (b[i]->dts - read_origin)) <= within);
    REQUIRE(std::abs((a[i]->pts - origin) - (b[i]->pts - read_origin)) <= within);
  }
}

/// Takes what a source says until `enough`, or fails.
struct listener {
  std::vector<source_item> all;
  std::atomic<int> wakes{0};

  std::size_t units() const {
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const auto& i) { return i.what == said::unit; }));
  }
  bool ended() const { return !all.empty() && all.back().what == said::ended; }
  template <class Enough>
  bool listen(media_source& to, Enough enough) {
    return eventually(20s, [&] {
      for (auto& i : to.take()) all.push_back(std::move(i));
      return enough();
    });
  }
};

source_options_ptr film(const std::string& path, bool repeat = false) {
  return std::make_shared<source_options>(source_options{.url = path, .file = true, .repeat = repeat});
}

}  // namespace

TEST_CASE("lavf_input: what was recorded comes back byte for byte and stamp for stamp", "[lavf_input]") {
  for (const auto format : {file_format::mp4, file_format::flv})
    for (const int bframes : {0, 2}) {
      INFO((format == file_format::mp4 ? "mp4" : "flv") << ", B " << bframes);
      const auto video = encode_h264({.frames = 50, .gop = 10, .bframes = bframes, .first_dts = 900000});
      const auto audio = encode_aac(86, 44100, 2, 900000);
      const auto wrote = interleave(video, {audio.begin() + 1, audio.end()});
      const temporary_directory directory;
      const auto read = read_film(write_film(directory, format, wrote, {video[0]->of, audio[0]->of}));
      // FLV counts in milliseconds, and so does MP4 where a track begins later than the other.
      check_same(wrote, read, media_kind::video, format == file_format::flv ? 90 : 1);
      check_same(wrote, read, media_kind::audio, 90);
    }
}

TEST_CASE("lavf_input: H.265 and G.711 come back from MP4", "[lavf_input]") {
  const auto video = encode_h265({.frames = 30, .gop = 10, .bframes = 2, .first_dts = 5000});
  const auto audio = make_g711(codec::pcma, 30, 320, 5000);
  const auto wrote = interleave(video, audio);
  const temporary_directory directory;
  const auto read = read_film(write_film(directory, file_format::mp4, wrote, {video[0]->of, audio[0]->of}));
  check_same(wrote, read, media_kind::video, 1);
  std::vector<std::uint8_t> sound;
  for (const auto& f : read)
    if (f->of->kind == media_kind::audio) sound.insert(sound.end(), f->data.begin(), f->data.end());
  CHECK(sound.size() == 30 * 320);
}

TEST_CASE("lavf_input: what can not be opened is refused with a reason", "[lavf_input]") {
  const std::atomic<bool> stopped{false};
  const temporary_directory directory;
  const auto absent = lavf_input::open({.url = directory / "absent", .file = true}, nothing_allowed, stopped);
  REQUIRE_FALSE(absent);
  CHECK(absent.error() == "No such file or directory");
  CHECK_FALSE(lavf_input::open({.url = "http://127.0.0.1:9/x", .file = true}, nothing_allowed, stopped));
  const auto refused = lavf_input::open({.url = "http://127.0.0.1:9/x"}, nothing_allowed, stopped);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == "'http://127.0.0.1:9/x' is not allowed");
  // A playlist could name anything.
  const std::string list = directory / "list";
  std::ofstream{list} << "#EXTM3U\n#EXTINF:1,\n/etc/passwd\n";
  CHECK_FALSE(lavf_input::open({.url = list, .file = true}, nothing_allowed, stopped));
}

TEST_CASE("puller: a file goes at its own pace, faster, and from elsewhere", "[puller]") {
  const auto video = encode_h264({.frames = 250, .gop = 25});
  const temporary_directory directory;
  const auto path = write_film(directory, file_format::mp4, video, {video[0]->of});
  listener l;
  puller p{film(path), nothing_allowed, [&] { ++l.wakes; }};
  REQUIRE(l.listen(p, [&] { return l.units() >= 10; }));
  REQUIRE(l.all.front().what == said::opened);
  CHECK(l.all.front().announced == announced_tracks{true, false});
  // Ten seconds of film are not there in one.
  CHECK(l.units() < 200);
  CHECK(l.wakes > 0);

  const auto before = l.units();
  p.seek(8s);
  REQUIRE(l.listen(p, [&] { return l.all.back().what == said::unit && l.units() >= before + 3; }));
  const auto jump = std::find_if(l.all.begin(), l.all.end(), [](const auto& i) { return i.what == said::restarted; });
  REQUIRE(jump != l.all.end());
  REQUIRE(jump + 1 != l.all.end());
  CHECK((jump + 1)->unit.key);
  CHECK((jump + 1)->unit.stamps->dts == 8 * 90000);

  p.set_speed(16);
  REQUIRE(l.listen(p, [&] { return l.ended(); }));
  CHECK(l.all.back().reason == "the file is at its end");
  CHECK(l.units() < 250);
}

TEST_CASE("puller: a file that is to be repeated begins again", "[puller]") {
  const auto video = encode_h264({.frames = 10, .gop = 10});
  const temporary_directory directory;
  const auto path = write_film(directory, file_format::mp4, video, {video[0]->of});
  listener l;
  puller p{film(path, true), nothing_allowed, [] {}};
  p.set_speed(16);
  REQUIRE(l.listen(p, [&] { return l.units() >= 35; }));
  CHECK(std::count_if(l.all.begin(), l.all.end(), [](const auto& i) { return i.what == said::restarted; }) >= 3);
  p.stop();
  REQUIRE(l.listen(p, [&] { return l.ended(); }));
  CHECK(l.all.back().reason == "it was stopped");
}

TEST_CASE("puller: nobody takes, and it waits instead of filling the memory", "[puller]") {
  const auto video = encode_h264({.frames = 2000, .gop = 50});
  const temporary_directory directory;
  const auto path = write_film(directory, file_format::mp4, video, {video[0]->of});
  listener l;
  std::atomic<int> wakes{0};
  puller p{film(path, true), nothing_allowed, [&] { ++wakes; }};
  p.set_speed(1e6);
  REQUIRE(eventually(10s, [&] { return wakes > 0; }));
  REQUIRE(l.listen(p, [&] { return l.units() >= puller::most_items; }));
  CHECK(p.take().size() <= puller::most_items);
  p.stop();
  REQUIRE(l.listen(p, [&] { return l.ended(); }));
}

TEST_CASE("puller: a first opening that fails ends it, with the reason", "[puller]") {
  listener l;
  puller p{std::make_shared<source_options>(source_options{.url = "rtsp://127.0.0.1:1/x"}), nothing_allowed, [] {}};
  REQUIRE(l.listen(p, [&] { return l.ended(); }));
  REQUIRE(l.all.size() == 1);
  CHECK(l.all[0].reason == "'rtsp://127.0.0.1:1/x' is not allowed");
}

TEST_CASE("media_source: passwords in URLs are for nobody's eyes", "[puller]") {
  CHECK(without_password("rtsp://admin:se@cret@10.0.0.1:554/a@b:c") == "rtsp://admin:***@10.0.0.1:554/a@b:c");
  CHECK(without_password("rtsp://admin@10.0.0.1/a") == "rtsp://admin@10.0.0.1/a");
  CHECK(without_password("rtsp://10.0.0.1:554/a") == "rtsp://10.0.0.1:554/a");
  CHECK(without_password("/a/b:c@d") == "/a/b:c@d");
  CHECK(without_password("http://h:80/x?at=u:p@v") == "http://h:80/x?at=u:p@v");
}
