// A stream as packets: which of them a chunk says it has, and that nothing else is in it.
#include "net/egress/rtp_muxer.hpp"

#include "net/egress/packetizers.hpp"
#include "net/rtp/rtcp_packet.hpp"
#include "net/rtp/rtp_packet.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/encoded_media.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

constexpr muxer_options options{.ssrc = 0x12345, .begun = wall_time{std::chrono::seconds{1'700'000'000}}};

frame_ptr picture(const track_ptr& of, std::int64_t dts, bool key, std::size_t size) {
  auto f = std::make_shared<frame>();
  f->of = of;
  f->dts = f->pts = dts;
  f->key = key;
  f->data.assign(size, static_cast<std::uint8_t>(size));
  store_be32(f->data.data(), static_cast<std::uint32_t>(size - 4));
  f->data[4] = key ? 0x65 : 0x41;
  return f;
}

track_ptr video_track() {
  auto t = std::make_shared<track>();
  t->format = codec::h264;
  t->configuration = {1};
  return t;
}

bytes copy_of(bytes_view b) { return {b.begin(), b.end()}; }

/// Whether the packets are all of the bytes, in order.
bool whole(const chunk& c) {
  std::size_t at = 0;
  for (const auto& p : c.packets) {
    if (p.offset != at || p.size == 0) return false;
    at += p.size;
  }
  return at == c.bytes.size();
}

}  // namespace

TEST_CASE("rtp_muxer: a chunk is the packets of its frame, back to back, as the track's packetizer makes them",
          "[rtp_muxer]") {
  const auto video = video_track();
  const auto audio = make_g711(codec::pcma, 50);
  const std::vector<track_ptr> tracks{audio[0]->of, video};
  CHECK(rtp_muxer::carried(tracks) == std::vector<track_ptr>{video, audio[0]->of});
  std::vector<frame_ptr> pictures;
  for (std::size_t i = 0; i < 50; ++i)
    pictures.push_back(picture(video, static_cast<std::int64_t>(i) * 3600, i % 25 == 0, 500 + 700 * (i % 7)));
  rtp_muxer muxer{tracks, options};
  CHECK(muxer.header()->bytes.empty());
  CHECK(muxer.header()->packets.empty());

  const std::uint16_t first_sequence = options.ssrc & 0xffff;
  std::unique_ptr<rtp_packetizer> expected[]{
      make_track_packetizer(*video, {.ssrc = options.ssrc, .payload_type = 96, .first_sequence = first_sequence},
                            {.g711_ms = 20}),
      make_track_packetizer(*audio[0]->of,
                            {.ssrc = options.ssrc + 1, .payload_type = 8, .first_sequence = first_sequence},
                            {.g711_ms = 20})};
  std::size_t several = 0;
  for (const auto& f : interleave(pictures, audio)) {
    const auto c = muxer.write(*f);
    REQUIRE(c);
    CHECK(whole(*c));
    const std::uint8_t track = f->of == video ? 0 : 1;
    CHECK(c->key == (f->key && track == 0));
    rtp_batch batch;
    expected[track]->write(*f, batch);
    std::size_t next = 0;
    for (const auto& p : c->packets) {
      if (p.report) continue;
      CHECK(p.track == track);
      REQUIRE(next < batch.size());
      CHECK(copy_of(c->bytes_of(p)) == copy_of(batch.packet(next++)));
    }
    CHECK(next == batch.size());
    several += next > 1 ? 1 : 0;
  }
  CHECK(several > 10);
}

TEST_CASE("rtp_muxer: a report of each track stands in front of a key frame, and after five seconds without one",
          "[rtp_muxer]") {
  const auto video = video_track();
  const auto audio = make_g711(codec::pcmu, 1);
  rtp_muxer muxer{{video, audio[0]->of}, options};
  std::int64_t begun = 0;
  for (const auto& [dts, key, reports] : std::vector<std::tuple<std::int64_t, bool, bool>>{{900'000, true, true},
                                                                                           {903'600, false, false},
                                                                                           {907'200, true, true},
                                                                                           {1'357'199, false, false},
                                                                                           {1'357'200, false, true},
                                                                                           {1'360'800, false, false}}) {
    const auto c = muxer.write(*picture(video, dts, key, 100));
    REQUIRE(c);
    CHECK(whole(*c));
    REQUIRE(c->packets.size() == (reports ? 3 : 1));
    CHECK_FALSE(c->packets.back().report);
    CHECK(parse_rtp(c->bytes_of(c->packets.back())));
    if (begun == 0) begun = dts;
    for (std::uint8_t i = 0; i + 1U < c->packets.size(); ++i) {
      const auto& p = c->packets[i];
      CHECK(p.report);
      CHECK(p.track == i);
      const auto said = parse_rtcp(c->bytes_of(p));
      REQUIRE(said);
      REQUIRE(said->report);
      CHECK(said->report->ssrc == options.ssrc + i);
      CHECK(said->report->ntp == ntp_time(options.begun + std::chrono::milliseconds{(dts - begun) / 90}));
      CHECK(said->report->rtp_timestamp == static_cast<std::uint32_t>(i == 0 ? dts : dts * 8000 / 90'000));
    }
  }
}

TEST_CASE("rtp_muxer: a stream of sound alone has one track, and a frame that is not enough for a packet no chunk",
          "[rtp_muxer]") {
  const auto audio = make_g711(codec::pcma, 3, 100);
  rtp_muxer muxer{{audio[0]->of}, options};
  const auto first = muxer.write(*audio[0]);
  REQUIRE(first);  // the report goes ahead of what waits
  REQUIRE(first->packets.size() == 1);
  CHECK(first->packets[0].report);
  const auto second = muxer.write(*audio[1]);
  REQUIRE(second);
  CHECK(whole(*second));
  const auto& last = second->packets.back();
  CHECK(last.track == 0);
  CHECK_FALSE(last.report);
  CHECK(last.size == 12 + 160);
  CHECK(second->key);
  CHECK_FALSE(muxer.write(*audio[2]));
}
