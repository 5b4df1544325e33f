// What is packed into RTP comes out of the receiving side as it went in, and looks on the wire as the RFCs have it.
#include "net/egress/rtp_packetizer.hpp"

#include <algorithm>

#include "net/codec/annexb.hpp"
#include "net/egress/audio_packetizer.hpp"
#include "net/egress/nal_packetizer.hpp"
#include "net/egress/packetizers.hpp"
#include "net/egress/system_packetizer.hpp"
#include "net/rtp/rtp_packet.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/demuxed_media.hpp"
#include "tests/support/encoded_media.hpp"
#include "tests/support/receiver_under_test.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

constexpr rtp_identity somebody{
    .ssrc = 0x47869ce1, .payload_type = 96, .first_sequence = 65530, .first_timestamp = 0xfffff000};

std::vector<bytes> packets_in(const rtp_batch& b) {
  std::vector<bytes> out;
  for (std::size_t i = 0; i < b.size(); ++i) out.emplace_back(b.packet(i).begin(), b.packet(i).end());
  return out;
}

std::vector<bytes> pack(rtp_packetizer& by, const frame& f) {
  rtp_batch batch;
  by.write(f, batch);
  return packets_in(batch);
}

/// What the receiving side makes of frames that were packed; every packet passes the receiver's own checks.
receiver_under_test& pass(receiver_under_test& r, rtp_packetizer& by, const std::vector<frame_ptr>& frames) {
  for (const auto& f : frames) {
    for (const auto& p : pack(by, *f)) {
      REQUIRE(parse_rtp(p));
      r.receive(p);
    }
    r.pass(std::chrono::milliseconds{20});
  }
  r.end();
  return r;
}

std::vector<track_ptr> tracks_of(const std::vector<frame_ptr>& frames) {
  std::vector<track_ptr> out;
  for (const auto& f : frames)
    if (std::find(out.begin(), out.end(), f->of) == out.end()) out.push_back(f->of);
  return out;
}

frame big_frame(const track_ptr& of, std::size_t size, std::int64_t stamp, bool key) {
  frame f;
  f.of = of;
  f.dts = f.pts = stamp;
  f.key = key;
  bytes nal(size, 0xa5);
  nal[0] = of->format == codec::h264 ? (key ? 0x65 : 0x61) : (key ? 0x26 : 0x02);
  nal[1] = of->format == codec::h264 ? 0x88 : 0x01;
  append_length_prefixed(f.data, nal);
  return f;
}

}  // namespace

TEST_CASE("rtp_batch: packets stand back to back, or behind their lengths") {
  for (const auto framing : {rtp_batch::framing::length, rtp_batch::framing::none}) {
    rtp_batch b{framing};
    rtp_writer w{{.ssrc = 7, .payload_type = 8, .first_sequence = 65535, .first_timestamp = 100}};
    const bytes head{1, 2}, payload{3, 4, 5};
    w.put(b, 50, true, head, payload);
    w.put(b, 60, false, payload);
    REQUIRE(b.size() == 2);
    const auto first = parse_rtp(b.packet(0)), second = parse_rtp(b.packet(1));
    REQUIRE(first);
    REQUIRE(second);
    CHECK(bytes(first->payload.begin(), first->payload.end()) == bytes{1, 2, 3, 4, 5});
    CHECK(first->marker);
    CHECK_FALSE(second->marker);
    CHECK(first->sequence == 65535);
    CHECK(second->sequence == 0);
    CHECK(first->timestamp == 150);
    CHECK(first->payload_type == 8);
    CHECK(first->ssrc == 7);
    CHECK(w.packets() == 2);
    CHECK(w.octets() == 8);
    CHECK(w.timestamp() == 160);
    const auto all = b.framed();
    if (framing == rtp_batch::framing::length) {
      CHECK(load_be16(all.data()) == 17);
      CHECK(load_be16(all.data() + 19) == 15);
      CHECK(all.size() == 19 + 17);
    } else {
      CHECK(b.packet(0).data() == all.data());
      CHECK(b.packet(1).data() == all.data() + 17);
      CHECK(all.size() == 17 + 15);
    }
    const bytes copied{all.begin(), all.end()};
    CHECK(b.take() == copied);
    CHECK(b.empty());
    CHECK(b.framed().empty());
    w.put(b, 70, false, payload);
    CHECK(b.size() == 1);
    b.clear();
    CHECK(b.empty());
    CHECK(b.framed().empty());
  }
}

TEST_CASE("rtp_packetizer: a program stream of pictures and sound is received as it was sent", "[rtp_packetizer]") {
  const auto sound = GENERATE(codec::aac, codec::pcma, codec::pcmu);
  const auto pictures = GENERATE(codec::h264, codec::h265);
  const video_wish wish{.frames = 40, .gop = 10, .bframes = pictures == codec::h264 ? 2 : 0};
  const auto video = pictures == codec::h264 ? encode_h264(wish) : encode_h265(wish);
  const auto audio = sound == codec::aac ? encode_aac(60) : make_g711(sound, 40);
  const auto all = interleave(video, audio);
  const auto by = make_packetizer(rtp_packing::ps, tracks_of(all), somebody, {});
  REQUIRE(by);
  receiver_under_test r;
  pass(r, *by, all);
  check_same(r.of(media_kind::video), video);
  check_same(r.of(media_kind::audio), audio);
  CHECK(r.media->counters.malformed.value() == 0);
}

TEST_CASE("rtp_packetizer: a program stream without pictures says what it is again and again", "[rtp_packetizer]") {
  const auto audio = make_g711(codec::pcma, 120);
  const auto by = make_packetizer(rtp_packing::ps, tracks_of(audio), somebody, {});
  REQUIRE(by);
  int maps = 0;
  for (const auto& f : audio)
    for (const auto& p : pack(*by, *f)) {
      const bytes map{0, 0, 1, 0xbc};
      maps += std::search(p.begin(), p.end(), map.begin(), map.end()) != p.end() ? 1 : 0;
    }
  CHECK(maps == 3);  // the first, the 50th and the 100th
}

TEST_CASE("rtp_packetizer: FFmpeg reads the program stream", "[rtp_packetizer]") {
  const auto video = encode_h264({.frames = 50, .gop = 25, .bframes = 2, .first_dts = 90000});
  const auto audio = encode_aac(80, 44100, 2, 90000);
  ps_muxer muxer{{video[0]->of, audio[0]->of}};
  bytes all;
  for (const auto& f : interleave(video, audio)) CHECK(muxer.write(*f, all));
  const auto d = demux(all, "mpeg");
  REQUIRE(d.error.empty());
  CHECK(compare(d, "h264", video).empty());
  CHECK(compare(d, "aac", audio).empty());
  REQUIRE(d.find("h264"));
  CHECK(d.find("h264")->decoded == 50);
  CHECK(d.find("h264")->errors == 0);
  CHECK(d.find("aac")->errors == 0);
}

TEST_CASE("rtp_packetizer: an access unit that is longer than a PES packet can be goes over whole",
          "[rtp_packetizer]") {
  const auto video = encode_h264({.frames = 1});
  std::vector<frame_ptr> frames;
  for (int i = 0; i < 3; ++i)
    frames.push_back(std::make_shared<frame>(
        big_frame(video[0]->of, 64'990 + static_cast<std::size_t>(i) * 70'000, 3600 * i, i == 0)));
  const auto by = make_packetizer(rtp_packing::ps, tracks_of(frames), somebody, {});
  receiver_under_test r{track_wish::video};
  pass(r, *by, frames);
  check_same(r.of(media_kind::video), frames);
}

TEST_CASE("rtp_packetizer: a transport stream is whole packets, and is received as it was sent", "[rtp_packetizer]") {
  const auto video = encode_h264({.frames = 40, .gop = 10, .bframes = 2, .first_dts = 90000});
  const auto audio = encode_aac(60, 44100, 2, video[0]->dts);
  // As the fan-out has it, a key frame is first: the tables come with it.
  std::vector<frame_ptr> all{video[0]};
  for (const auto& f : interleave({video.begin() + 1, video.end()}, audio)) all.push_back(f);
  auto who = somebody;
  who.payload_type = 33;
  const auto by = make_packetizer(rtp_packing::ts, tracks_of(all), who, {});
  REQUIRE(by);
  receiver_under_test r;
  int markers = 0, packets = 0;
  for (const auto& f : all) {
    for (const auto& p : pack(*by, *f)) {
      const auto parsed = parse_rtp(p);
      CHECK(parsed->payload.size() % 188 == 0);
      CHECK(parsed->payload.size() <= 1400);
      markers += parsed->marker ? 1 : 0;
      ++packets;
      r.receive(p);
    }
    r.pass(std::chrono::milliseconds{20});
  }
  r.end();
  CHECK(markers == 1);
  CHECK(packets > 80);
  check_same(r.of(media_kind::video), video);
  // A picture ends where the next one begins: sound that came meanwhile is ahead of the first key frame.
  const auto got = r.of(media_kind::audio);
  REQUIRE(got.size() >= audio.size() - 3);
  check_same(got, {audio.end() - static_cast<std::ptrdiff_t>(got.size()), audio.end()});
}

TEST_CASE("rtp_packetizer: NAL units are packets or fragments, and the marker ends the access unit",
          "[rtp_packetizer]") {
  const auto format = GENERATE(codec::h264, codec::h265);
  const video_wish wish{.width = 640, .height = 480, .frames = 30, .gop = 10};
  const auto video = format == codec::h264 ? encode_h264(wish) : encode_h265(wish);
  for (const std::size_t largest : {100U, 1400U, 65000U}) {
    auto who = somebody;
    who.payload_type = format == codec::h264 ? 98 : 99;
    nal_packetizer by{format, who, largest};
    receiver_under_test r{track_wish::video};
    for (const auto& f : video) {
      const auto packets = pack(by, *f);
      for (std::size_t i = 0; i < packets.size(); ++i) {
        const auto p = parse_rtp(packets[i]);
        REQUIRE(p);
        CHECK(p->payload.size() <= largest);
        CHECK(p->marker == (i + 1 == packets.size()));
        CHECK(p->timestamp == who.first_timestamp + static_cast<std::uint32_t>(f->pts));
        r.receive(packets[i]);
      }
      r.pass(std::chrono::milliseconds{20});
    }
    r.end();
    check_same(r.of(media_kind::video), video);
    CHECK(r.media->counters.malformed.value() == 0);
  }
}

TEST_CASE("rtp_packetizer: a NAL unit as long as a packet is one, a byte more makes two", "[rtp_packetizer]") {
  for (const auto format : {codec::h264, codec::h265}) {
    const auto of = std::make_shared<track>(track{.format = format});
    nal_packetizer by{format, somebody, 200};
    CHECK(pack(by, big_frame(of, 200, 0, false)).size() == 1);
    const auto two = pack(by, big_frame(of, 201, 3600, false));
    REQUIRE(two.size() == 2);
    const auto first = parse_rtp(two[0])->payload, second = parse_rtp(two[1])->payload;
    const std::size_t bits = format == codec::h264 ? 1 : 2;
    CHECK((first[bits] & 0xc0) == 0x80);
    CHECK((second[bits] & 0xc0) == 0x40);
    CHECK((format == codec::h264 ? first[0] & 0x1f : first[0] >> 1 & 0x3f) == (format == codec::h264 ? 28 : 49));
  }
}

TEST_CASE("rtp_packetizer: AAC goes in units with their sizes, long ones in pieces", "[rtp_packetizer]") {
  const auto audio = encode_aac(20);
  for (const std::size_t largest : {50U, 600U}) {
    aac_packetizer by{44100, somebody, largest};
    CHECK(by.clock_rate() == 44100);
    std::uint32_t before = 0;
    for (std::size_t i = 0; i < audio.size(); ++i) {
      bytes joined;
      const auto packets = pack(by, *audio[i]);
      for (std::size_t k = 0; k < packets.size(); ++k) {
        const auto p = parse_rtp(packets[k]);
        REQUIRE(p->payload.size() <= largest);
        CHECK(load_be16(p->payload.data()) == 16);
        CHECK(load_be16(p->payload.data() + 2) >> 3 == static_cast<int>(audio[i]->data.size()));
        CHECK(p->marker == (k + 1 == packets.size()));
        append(joined, {p->payload.begin() + 4, p->payload.end()});
        if (i > 0) CHECK(p->timestamp - before == 1024);
      }
      before = parse_rtp(packets[0])->timestamp;
      CHECK(joined == audio[i]->data);
    }
  }
}

TEST_CASE("rtp_packetizer: G.711 goes in packets of one length, whatever the frames have", "[rtp_packetizer]") {
  for (const int samples : {160, 320, 800, 1000, 37}) {
    const auto audio = make_g711(codec::pcma, 40, samples);
    octet_packetizer by{codec::pcma, 1, somebody, 100};
    std::vector<bytes> all;
    for (const auto& f : audio)
      for (auto& p : pack(by, *f)) all.push_back(std::move(p));
    CHECK(all.size() == static_cast<std::size_t>(40 * samples / 800));
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto p = parse_rtp(all[i]);
      CHECK(p->payload.size() == 800);
      CHECK(p->marker == (i == 0));
      CHECK(p->timestamp - parse_rtp(all[0])->timestamp == 800 * i);
    }
  }
}

TEST_CASE("rtp_packetizer: a hole in G.711 is a jump of the time stamp behind a marker", "[rtp_packetizer]") {
  auto audio = make_g711(codec::pcmu, 20, 320);
  audio.erase(audio.begin() + 7, audio.begin() + 15);
  octet_packetizer by{codec::pcmu, 1, somebody, 40};
  std::vector<rtp_packet> seen;
  std::vector<bytes> kept;
  for (const auto& f : audio)
    for (auto& p : pack(by, *f)) kept.push_back(std::move(p));
  for (const auto& p : kept) seen.push_back(*parse_rtp(p));
  REQUIRE(seen.size() == 12);
  CHECK(seen[7].marker);
  CHECK(seen[7].timestamp - seen[6].timestamp == 9 * 320);
  CHECK(std::count_if(seen.begin(), seen.end(), [](const auto& p) { return p.marker; }) == 2);
}

TEST_CASE("rtp_packetizer: an elementary stream is the pictures, or the sound if that is asked for",
          "[rtp_packetizer]") {
  const auto video = encode_h264({.frames = 5});
  const auto audio = make_g711(codec::pcma, 20);
  const auto all = interleave(video, audio);
  auto who = somebody;
  who.payload_type = 8;
  const auto by = make_packetizer(rtp_packing::es, tracks_of(all), who, {.g711_ms = 40, .audio_instead = true});
  REQUIRE(by);
  CHECK(by->clock_rate() == 8000);
  receiver_under_test r{track_wish::audio};
  pass(r, *by, all);
  check_same(r.of(media_kind::audio), audio);
  CHECK(r.of(media_kind::video).empty());
  CHECK_FALSE(make_packetizer(rtp_packing::es, {audio[0]->of}, who, {}));
  CHECK_FALSE(make_packetizer(rtp_packing::ps, {video[0]->of}, who, {.audio_instead = true}));
}
