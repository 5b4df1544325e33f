#include "net/media/fan_out.hpp"

#include "tests/support/catch.hpp"

using namespace berth::net;

namespace {

frame_ptr make(std::int64_t dts, bool key, std::size_t size = 10, media_kind kind = media_kind::video) {
  static const auto video = std::make_shared<const track>(track{.format = codec::h264});
  static const auto audio = std::make_shared<const track>(track{.format = codec::pcma, .kind = media_kind::audio});
  frame f;
  f.of = kind == media_kind::video ? video : audio;
  f.dts = f.pts = dts;
  f.key = key;
  f.data.assign(size, 1);
  return std::make_shared<const frame>(std::move(f));
}

void feed(fan_out& f, std::int64_t from, std::int64_t count, std::int64_t gop = 10) {
  for (auto i = from; i < from + count; ++i) f.on_frame(make(i, i % gop == 0));
  f.publish();
}

std::vector<track_ptr> some_tracks() { return {make(0, true)->of}; }

}  // namespace

TEST_CASE("fan_out: a reader that comes in the middle begins at the newest key frame, at once") {
  fan_out f;
  f.set_tracks(some_tracks());
  feed(f, 0, 25);
  fan_out::position at;
  const auto batch = f.read(at);
  REQUIRE(batch.frames.size() == 5);
  CHECK(batch.frames.front()->dts == 20);
  CHECK(batch.skipped == 0);
  CHECK(f.read(at).frames.empty());
}

TEST_CASE("fan_out: nobody gets anything before the tracks are complete") {
  fan_out f;
  feed(f, 0, 5);
  fan_out::position at;
  CHECK(f.read(at).frames.empty());
  f.set_tracks(some_tracks());
  CHECK(f.read(at).frames.size() == 5);
}

TEST_CASE("fan_out: without a reader only the group of pictures under way is kept") {
  fan_out f;
  f.set_tracks(some_tracks());
  feed(f, 0, 95);
  CHECK(f.figures_now().frames == 5);
  const auto place = f.join([] {});
  feed(f, 95, 10);
  CHECK(f.figures_now().frames == 15);
}

TEST_CASE("fan_out: a reader who falls behind goes on at a key frame, and is told how many it missed") {
  fan_out f{{.frames = 20, .bytes = 1'000'000}};
  f.set_tracks(some_tracks());
  const auto place = f.join([] {});
  fan_out::position at;
  feed(f, 0, 5);
  CHECK(f.read(at).frames.size() == 5);
  feed(f, 5, 60);
  const auto batch = f.read(at);
  REQUIRE_FALSE(batch.frames.empty());
  CHECK(batch.frames.front()->key);
  CHECK(batch.frames.front()->dts == 60);
  CHECK(batch.skipped == 55);
  CHECK(f.figures_now().frames <= 20);
}

TEST_CASE("fan_out: the bound on bytes holds, even for a group of pictures that is larger") {
  fan_out f{{.frames = 1000, .bytes = 1000}};
  f.set_tracks(some_tracks());
  for (int i = 0; i < 50; ++i) f.on_frame(make(i, i == 0, 100));
  CHECK(f.figures_now().bytes <= 1000);
  fan_out::position at;
  CHECK(f.read(at).frames.empty());  // its key frame is gone
  f.on_frame(make(50, true, 100));
  CHECK(f.read(at).frames.size() == 1);
}

TEST_CASE("fan_out: sound alone can be begun anywhere") {
  fan_out f;
  f.set_tracks({make(0, false, 10, media_kind::audio)->of});
  for (int i = 0; i < 7; ++i) f.on_frame(make(i, false, 10, media_kind::audio));
  fan_out::position at;
  const auto batch = f.read(at);
  REQUIRE(batch.frames.size() == 1);
  CHECK(batch.frames.front()->dts == 6);
}

TEST_CASE("fan_out: one wake a batch, and the next one only when the reader has looked") {
  fan_out f;
  f.set_tracks(some_tracks());
  int woken = 0;
  const auto place = f.join([&] { ++woken; });
  feed(f, 0, 5);
  feed(f, 5, 5);
  CHECK(woken == 1);
  place->rearm();
  feed(f, 10, 1);
  CHECK(woken == 2);
}

TEST_CASE("fan_out: the end wakes, gives the rest, and is told once all was read") {
  fan_out f;
  f.set_tracks(some_tracks());
  int woken = 0;
  const auto place = f.join([&] { ++woken; });
  feed(f, 0, 5);
  place->rearm();
  f.end();
  CHECK(woken == 2);
  fan_out::position at;
  const auto first = f.read(at, 3);
  CHECK(first.frames.size() == 3);
  CHECK_FALSE(first.ended);
  CHECK(f.read(at).ended);
}

TEST_CASE("fan_out: viewers are counted by schema, and when the last one left") {
  fan_out f;
  f.viewer_came(schema::rtmp);
  f.viewer_came(schema::ts);
  CHECK(f.viewers() == 2);
  CHECK(f.viewers(schema::rtmp) == 1);
  const time_point t{std::chrono::seconds{5}};
  f.viewer_left(schema::rtmp, t);
  CHECK(f.viewers(schema::rtmp) == 0);
  CHECK(f.unwatched_since() == t);
}
