// Files that are written whole, that end in the middle, and that the disk has no room for.
#include "net/egress/media_file.hpp"

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <string>

#include "net/egress/mp4_boxes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/demuxed_media.hpp"
#include "tests/support/encoded_media.hpp"
#include "tests/support/packets.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

bytes read_file(const std::filesystem::path& path) {
  const auto s = content_of(path);
  return {s.begin(), s.end()};
}

const char* demuxer_of(file_format f) { return f == file_format::mp4 ? "mp4" : "flv"; }

struct form {
  file_format format;
  bool fragmented;
};
const form forms[] = {{file_format::mp4, true}, {file_format::mp4, false}, {file_format::flv, true}};

std::string about(const form& f) {
  return std::string{demuxer_of(f.format)} + (f.format == file_format::mp4 && f.fragmented ? ", fragmented" : "");
}

/// Sizes of files are limited while it lives, and that is an error, not a signal.
class file_size_limit {
 public:
  explicit file_size_limit(rlim_t bytes) {
    before_ = ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit small{bytes, limit_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  file_size_limit(const file_size_limit&) = delete;
  file_size_limit& operator=(const file_size_limit&) = delete;
  ~file_size_limit() {
    ::setrlimit(RLIMIT_FSIZE, &limit_);
    ::signal(SIGXFSZ, before_);
  }

 private:
  rlimit limit_{};
  void (*before_)(int) = nullptr;
};

}  // namespace

TEST_CASE("media_file: what is written comes back whole, from time 0", "[media_file]") {
  for (const auto& form : forms)
    for (const int bframes : {0, 2}) {
      INFO(about(form) << ", B " << bframes);
      const auto video = encode_h264({.frames = 50, .gop = 10, .bframes = bframes, .first_dts = 900000});
      const auto audio = encode_aac(86, 44100, 2, 900000);
      const temporary_directory directory;
      const auto path = directory / "film";
      auto r = file_recorder::open(path, {video[0]->of, audio[0]->of},
                                   {.format = form.format, .fragmented = form.fragmented});
      REQUIRE(r);
      // The first audio frame has the stamp of the first key frame, and stands before it.
      for (const auto& f : interleave(video, {audio.begin() + 1, audio.end()})) CHECK((*r)->write(*f) == "");
      const auto done = (*r)->close();
      CHECK(done.error == "");
      CHECK(done.duration.count() == 2000);
      const auto file = read_file(path);
      CHECK(done.bytes == file.size());

      const auto d = demux(file, demuxer_of(form.format));
      CHECK(compare(d, "h264", video, -900000) == "");
      CHECK(compare(d, "aac", {audio.begin() + 1, audio.end()}, -900000) == "");
      CHECK(d.find("h264")->decoded == 50);
      CHECK(d.find("h264")->errors == 0);
      CHECK(d.find("aac")->errors == 0);
      CHECK(d.duration == Approx(2.0).margin(0.1));
    }
}

TEST_CASE("media_file: the header of a fragmented file says how long it became", "[media_file]") {
  const auto video = encode_h264({.frames = 50, .gop = 10, .first_dts = 900000});
  const temporary_directory directory;
  auto r = file_recorder::open(directory / "film", {video[0]->of});
  REQUIRE(r);
  for (const auto& f : video) (*r)->write(*f);
  (*r)->close();
  const auto file = read_file(directory / "film");
  const auto fields = find_mp4_durations(file);
  REQUIRE(fields.size() == 3);
  for (const auto& d : fields) {
    CHECK_FALSE(d.wide);
    CHECK(load_be32(&file[d.at]) == 2 * d.timescale);
  }
}

TEST_CASE("media_file: H.265 in MP4", "[media_file]") {
  const auto video = encode_h265({.frames = 30, .gop = 10, .bframes = 2, .first_dts = 5000});
  const temporary_directory directory;
  auto r = file_recorder::open(directory / "film", {video[0]->of});
  REQUIRE(r);
  for (const auto& f : video) CHECK((*r)->write(*f) == "");
  CHECK((*r)->close().error == "");
  const auto d = demux(read_file(directory / "film"), "mp4");
  CHECK(compare(d, "hevc", video, -5000) == "");
  CHECK(d.find("hevc")->decoded == 30);
  CHECK(d.find("hevc")->errors == 0);
}

TEST_CASE("media_file: G.711 is kept in all formats", "[media_file]") {
  struct row {
    codec format;
    const char* name;
  };
  for (const auto& form : forms)
    for (const auto& c : {row{codec::pcma, "pcm_alaw"}, row{codec::pcmu, "pcm_mulaw"}}) {
      INFO(about(form) << ", " << c.name);
      const auto video = encode_h264({.frames = 50, .gop = 10});
      const auto audio = make_g711(c.format, 50);
      const temporary_directory directory;
      auto r = file_recorder::open(directory / "film", {video[0]->of, audio[0]->of},
                                   {.format = form.format, .fragmented = form.fragmented});
      REQUIRE(r);
      for (const auto& f : interleave(video, audio)) CHECK((*r)->write(*f) == "");
      CHECK((*r)->close().error == "");
      const auto d = demux(read_file(directory / "film"), demuxer_of(form.format));
      CHECK(compare(d, "h264", video) == "");
      REQUIRE(d.find(c.name) != nullptr);
      CHECK(d.find(c.name)->sample_rate == 8000);
      CHECK(d.find(c.name)->errors == 0);
      int samples = 0;  // a demuxer may put several frames together
      for (const auto& p : d.packets_of(c.name)) {
        samples += p.size;
        CHECK(p.dts <= 49 * 3600);
      }
      CHECK(samples == 50 * 320);
    }
}

TEST_CASE("media_file: it begins with the first key frame", "[media_file]") {
  const auto video = encode_h264({.frames = 25, .gop = 10});
  const auto audio = encode_aac(43, 44100, 2);
  for (const auto& form : forms) {
    INFO(about(form));
    const temporary_directory directory;
    auto r = file_recorder::open(directory / "film", {video[0]->of, audio[0]->of},
                                 {.format = form.format, .fragmented = form.fragmented});
    REQUIRE(r);
    for (const auto& f : interleave({video.begin() + 3, video.end()}, audio)) CHECK((*r)->write(*f) == "");
    CHECK((*r)->close().duration.count() == 600);
    const auto d = demux(read_file(directory / "film"), demuxer_of(form.format));
    CHECK(compare(d, "h264", {video.begin() + 10, video.end()}, -video[10]->dts) == "");
    CHECK(d.find("h264")->errors == 0);
  }
}

TEST_CASE("media_file: irregular decode times are kept in fragments", "[media_file]") {
  auto v = encode_h264({.frames = 30, .gop = 5});
  const std::int64_t steps[] = {3600, 100, 7200, 1, 3599, 90000, 3600};
  std::int64_t dts = 5000;
  for (std::size_t i = 0; i < v.size(); ++i) {
    auto f = std::make_shared<frame>(*v[i]);
    f->dts = f->pts = dts;
    dts += steps[i % 7];
    v[i] = f;
  }
  const temporary_directory directory;
  auto r = file_recorder::open(directory / "film", {v[0]->of});
  REQUIRE(r);
  for (const auto& f : v) CHECK((*r)->write(*f) == "");
  CHECK((*r)->close().error == "");
  CHECK(compare(demux(read_file(directory / "film"), "mp4"), "h264", v, -5000) == "");
}

TEST_CASE("media_file: sound alone", "[media_file]") {
  const auto audio = encode_aac(430, 44100, 2, 77777);
  for (const auto& form : forms) {
    INFO(about(form));
    const temporary_directory directory;
    auto r =
        file_recorder::open(directory / "film", {audio[0]->of}, {.format = form.format, .fragmented = form.fragmented});
    REQUIRE(r);
    for (const auto& f : audio) CHECK((*r)->write(*f) == "");
    const auto done = (*r)->close();
    CHECK(done.duration.count() == Approx(9985).margin(2));
    const auto d = demux(read_file(directory / "film"), demuxer_of(form.format));
    CHECK(compare(d, "aac", audio, -77777) == "");
    CHECK(d.duration == Approx(9.985).margin(0.05));
  }
}

TEST_CASE("media_file: a file that is never closed lacks the last group of pictures only", "[media_file]") {
  const auto video = encode_h264({.frames = 45, .gop = 10});
  const temporary_directory directory;
  auto r = file_recorder::open(directory / "film", {video[0]->of});
  REQUIRE(r);
  for (const auto& f : video) (*r)->write(*f);
  const auto d = demux(read_file(directory / "film"), "mp4");
  CHECK(compare(d, "h264", {video.begin(), video.begin() + 40}) == "");
  CHECK(d.find("h264")->errors == 0);
}

TEST_CASE("media_file: a recorder that is destroyed closes its file", "[media_file]") {
  const auto video = encode_h264({.frames = 15, .gop = 10});
  for (const auto& form : forms) {
    INFO(about(form));
    const temporary_directory directory;
    {
      auto r = file_recorder::open(directory / "film", {video[0]->of},
                                   {.format = form.format, .fragmented = form.fragmented});
      REQUIRE(r);
      for (const auto& f : video) (*r)->write(*f);
    }
    CHECK(compare(demux(read_file(directory / "film"), demuxer_of(form.format)), "h264", video) == "");
  }
}

TEST_CASE("media_file: a changed track needs another MP4, but not another FLV", "[media_file]") {
  const auto video = encode_h264({.frames = 10}),
             other = encode_h264({.width = 160, .height = 120, .frames = 10, .first_dts = 36000});
  const auto audio = encode_aac(3), g711 = make_g711(codec::pcma, 3);
  for (const auto& form : forms) {
    INFO(about(form));
    const bool flv = form.format == file_format::flv;
    const temporary_directory directory;
    auto r =
        file_recorder::open(directory / "film", {video[0]->of}, {.format = form.format, .fragmented = form.fragmented});
    REQUIRE(r);
    for (const auto& f : video) CHECK((*r)->write(*f) == "");
    CHECK((*r)->fits(*other[0]) == flv);
    CHECK((*r)->fits(*audio[0]) == flv);
    CHECK((*r)->fits(*video[0]));
    const auto text = (*r)->write(*other[0]);
    CHECK(text == (flv ? "" : "the track has changed: a new file is needed"));
    auto same = *video[9];
    same.of = std::make_shared<track>(*same.of);
    same.dts = same.pts = 40000;
    CHECK((*r)->fits(same) == true);
    CHECK((*r)->write(same) == "");
    const auto done = (*r)->close();
    CHECK(done.error == "");
    CHECK(demux(read_file(directory / "film"), demuxer_of(form.format)).packets.size() == (flv ? 12 : 11));
  }
}

TEST_CASE("media_file: frames that no file carries are passed over", "[media_file]") {
  const auto video = encode_h264({.frames = 10});
  for (const auto& form : forms) {
    INFO(about(form));
    const temporary_directory directory;
    auto r =
        file_recorder::open(directory / "film", {video[0]->of}, {.format = form.format, .fragmented = form.fragmented});
    REQUIRE(r);
    frame nothing;
    CHECK((*r)->fits(nothing));
    CHECK((*r)->write(nothing) == "");
    auto svac = std::make_shared<track>();
    svac->format = codec::svac_video;
    auto f = *video[0];
    f.of = svac;
    CHECK((*r)->fits(f));
    CHECK((*r)->write(f) == "");
    auto empty = *video[0];
    empty.data.clear();
    CHECK((*r)->write(empty) == "");
    CHECK((*r)->close().duration.count() == 0);
  }
}

TEST_CASE("media_file: closing twice says the same, and nothing is written after", "[media_file]") {
  const auto video = encode_h264({.frames = 10});
  for (const auto& form : forms) {
    INFO(about(form));
    const temporary_directory directory;
    auto r =
        file_recorder::open(directory / "film", {video[0]->of}, {.format = form.format, .fragmented = form.fragmented});
    REQUIRE(r);
    for (const auto& f : video) (*r)->write(*f);
    const auto first = (*r)->close(), second = (*r)->close();
    CHECK(first.bytes == second.bytes);
    CHECK(first.duration == second.duration);
    CHECK((*r)->write(*video[0]) == "the file is closed");
    CHECK(read_file(directory / "film").size() == first.bytes);
  }
}

TEST_CASE("media_file: what can not be opened says why", "[media_file]") {
  const auto video = encode_h264({.frames = 1});
  for (const auto& form : forms) {
    INFO(about(form));
    const temporary_directory directory;
    const file_options options{.format = form.format, .fragmented = form.fragmented};
    const auto nowhere = file_recorder::open(directory / "no/film", {video[0]->of}, options);
    REQUIRE_FALSE(nowhere);
    CHECK(nowhere.error() == "open " + (directory / "no/film").string() + ": No such file or directory");
    const auto folder = file_recorder::open(directory.path(), {video[0]->of}, options);
    REQUIRE_FALSE(folder);
    CHECK(folder.error() == "open " + directory.path().string() + ": Is a directory");
    const auto trackless = file_recorder::open(directory / "film", {}, options);
    REQUIRE_FALSE(trackless);
    CHECK(trackless.error() == "no track that the file could carry");
  }
}

TEST_CASE("media_file: a full disk is said in words, and again", "[media_file]") {
  const auto video = encode_h264({.frames = 200, .gop = 10});
  const std::string full = "write /dev/full: No space left on device";
  const file_options fragmented{}, flv{.format = file_format::flv}, regular{.fragmented = false};
  const auto mp4 = file_recorder::open("/dev/full", {video[0]->of}, fragmented);
  REQUIRE_FALSE(mp4);  // the header is written at once
  CHECK(mp4.error() == full);

  for (const auto& o : {flv, regular}) {
    auto r = file_recorder::open("/dev/full", {video[0]->of}, o);
    if (!r) {
      CHECK(r.error() == full);
      continue;
    }
    std::string text;
    for (int round = 0; round < 20 && text.empty(); ++round)
      for (const auto& f : video)
        if (text.empty()) text = (*r)->write(*f);
    CHECK(text == full);
    CHECK((*r)->write(*video[0]) == full);
    CHECK((*r)->close().error == full);
  }
}

TEST_CASE("media_file: a file that may not grow keeps what is whole", "[media_file]") {
  const auto video = encode_h264({.frames = 100, .gop = 10});
  for (const auto& form : forms) {
    INFO(about(form));
    const temporary_directory directory;
    const auto path = (directory / "film").string();
    recorded done;
    std::string text;
    {
      const file_size_limit limit{100000};
      auto r = file_recorder::open(path, {video[0]->of}, {.format = form.format, .fragmented = form.fragmented});
      REQUIRE(r);
      for (int round = 0; round < 5 && text.empty(); ++round)
        for (const auto& f : video) {
          auto later = *f;
          later.dts += round * 360000;
          later.pts += round * 360000;
          if (text.empty()) text = (*r)->write(later);
        }
      CHECK(text == "write " + path + ": File too large");
      done = (*r)->close();
      CHECK(done.error == text);
    }
    const auto file = read_file(path);
    CHECK(done.bytes == file.size());
    CHECK(file.size() <= 100000);
    if (form.format == file_format::mp4 && form.fragmented) {
      const auto d = demux(file, "mp4");
      CHECK(d.error == "");
      CHECK(d.packets.size() % 10 == 0);
      CHECK(d.packets.size() > 30);
      CHECK(d.find("h264")->errors == 0);
    }
  }
}

TEST_CASE("media_file: lengths that lie harm nothing", "[media_file]") {
  const auto video = encode_h264({.frames = 10, .gop = 5});
  for (const auto& form : forms) {
    INFO(about(form));
    const temporary_directory directory;
    auto r =
        file_recorder::open(directory / "film", {video[0]->of}, {.format = form.format, .fragmented = form.fragmented});
    REQUIRE(r);
    for (const auto& data :
         {bytes{0}, bytes{0, 0, 0, 1}, bytes{0xff, 0xff, 0xff, 0xff, 1}, bytes(500, 0xff), bytes(500, 0)}) {
      auto f = *video[0];
      f.data = data;
      CHECK((*r)->write(f) == "");
    }
    for (const auto& f : video) {
      auto later = *f;
      later.dts += 90000;
      later.pts += 90000;
      CHECK((*r)->write(later) == "");
    }
    CHECK((*r)->close().error == "");
    CHECK(demux(read_file(directory / "film"), demuxer_of(form.format)).packets.size() == 15);
  }
}
