#include "net/ingest/ts_demuxer.hpp"

#include "net/egress/container.hpp"
#include "net/egress/muxers.hpp"
#include "net/ingest/frame_maker.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/encoded_media.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

class collector final : public frame_sink {
 public:
  void on_frame(frame_ptr f) override { (f->of->kind == media_kind::video ? video : audio).push_back(std::move(f)); }
  std::vector<frame_ptr> video, audio;
};

struct chain {
  collector out;
  media_counters counters;
  frame_maker maker{out, counters, {}};
  ts_demuxer demuxer{maker, counters};

  void push(bytes_view b) {
    maker.set_packet(time_point{std::chrono::seconds{1}}, 0);
    demuxer.push(b);
  }
  void end() {
    demuxer.flush();
    maker.flush();
  }
};

/// A transport stream of the frames, as lavf writes it.
bytes stream_of(const std::vector<frame_ptr>& frames, std::vector<track_ptr> tracks) {
  const auto m = make_muxer(container::ts, std::move(tracks));
  const auto h = m->header();
  bytes all{h->bytes.begin(), h->bytes.end()};
  for (const auto& f : frames)
    if (const auto c = m->write(*f)) append(all, {c->bytes.begin(), c->bytes.end()});
  return all;
}

}  // namespace

TEST_CASE("ts_demuxer: gives back the frames that a muxer wrote, in pieces of any size") {
  const auto video = encode_h264({.frames = 20, .gop = 10, .bframes = 2});
  const auto audio = encode_aac(30, 48000, 1);
  REQUIRE_FALSE(video.empty());
  const auto ts = stream_of(interleave(video, audio), {video.front()->of, audio.front()->of});
  for (const std::size_t piece : {188, 1316, 1, 100, 189, 100000}) {
    INFO("pieces of " << piece);
    chain c;
    for (std::size_t at = 0; at < ts.size(); at += piece)
      c.push(bytes_view{ts}.subspan(at, std::min(piece, ts.size() - at)));
    c.end();
    REQUIRE(c.out.video.size() == video.size());
    REQUIRE(c.out.audio.size() == audio.size());
    for (std::size_t i = 0; i < video.size(); ++i) {
      CHECK(c.out.video[i]->data == video[i]->data);
      CHECK(c.out.video[i]->pts - c.out.video[0]->pts == video[i]->pts - video[0]->pts);
      CHECK(c.out.video[i]->dts - c.out.video[0]->dts == video[i]->dts - video[0]->dts);
    }
    for (std::size_t i = 0; i < audio.size(); ++i) CHECK(c.out.audio[i]->data == audio[i]->data);
    const auto announced = c.demuxer.announced();
    REQUIRE(announced);
    CHECK(*announced == announced_tracks{true, true});
    CHECK(c.counters.malformed.value() == 0);
  }
}

TEST_CASE("ts_demuxer: 2.4.3.3: a packet that is missing damages its picture, one that came twice does not") {
  const auto video = encode_h264({.width = 640, .height = 480, .frames = 10, .gop = 10});
  REQUIRE_FALSE(video.empty());
  const auto ts = stream_of(video, {video.front()->of});
  for (const bool twice : {false, true}) {
    chain c;
    const auto count = ts.size() / ts_demuxer::packet_size;
    for (std::size_t i = 0; i < count; ++i) {
      const auto packet = bytes_view{ts}.subspan(i * ts_demuxer::packet_size, ts_demuxer::packet_size);
      // In the middle of the stream, a packet that has payload and begins nothing.
      const bool hit = i >= count / 2 && i < count / 2 + 1;
      if (!hit || twice) c.push(packet);
      if (hit && twice) c.push(packet);
    }
    c.end();
    CHECK(c.out.video.size() == video.size() - (twice ? 0 : 1));
    CHECK(c.counters.damaged_frames.value() == (twice ? 0 : 1));
  }
}

TEST_CASE("ts_demuxer: garbage in front and between is stepped over and counted") {
  const auto video = encode_h264({.frames = 10, .gop = 5});
  REQUIRE_FALSE(video.empty());
  const auto ts = stream_of(video, {video.front()->of});
  chain c;
  c.push(bytes(77, 0x00));
  c.push(ts);
  c.end();
  CHECK(c.out.video.size() == video.size());
  CHECK(c.counters.malformed.value() == 1);
}

TEST_CASE("ts_demuxer: a payload looks like a transport stream if every packet has its sync byte") {
  bytes two(2 * ts_demuxer::packet_size, 0);
  two[0] = 0x47;
  CHECK_FALSE(ts_demuxer::looks_like_ts(two));
  two[ts_demuxer::packet_size] = 0x47;
  CHECK(ts_demuxer::looks_like_ts(two));
  two.push_back(0);
  CHECK_FALSE(ts_demuxer::looks_like_ts(two));
  CHECK_FALSE(ts_demuxer::looks_like_ts({}));
}
