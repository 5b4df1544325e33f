#include "net/ingest/media_receiver.hpp"

#include <algorithm>
#include <random>

#include "tests/support/catch.hpp"
#include "tests/support/encoded_media.hpp"
#include "tests/support/packets.hpp"
#include "tests/support/ps_sender.hpp"
#include "tests/support/receiver_under_test.hpp"

using namespace berth::net;
using namespace berth::tests;
using std::chrono::milliseconds;

namespace {

void send_paced(receiver_under_test& r, ps_sender& camera, const std::vector<frame_ptr>& frames) {
  for (const auto& f : frames) {
    r.receive(camera.packets_of(*f));
    r.pass(milliseconds{20});
  }
}

}  // namespace

TEST_CASE("media_receiver: a camera's program stream becomes the frames that it was made of, whatever it does wrong") {
  using mark = ps_faults::marker;
  struct fault {
    const char* name;
    ps_faults faults;
    bool first_may_be_lost = false;
  };
  const fault faults[] = {{"nothing", {}},
                          {"no map", {.map = false}, true},
                          {"PES length 0", {.length_zero = true}},
                          {"PES length wrapped", {.length_wrapped = true}},
                          {"a PES packet for every NAL unit", {.pes_per_nal = true}},
                          {"no marker", {.marks = mark::never}},
                          {"no marker and PES length 0", {.length_zero = true, .marks = mark::never}},
                          {"markers everywhere", {.marks = mark::always}, true}};
  for (const bool h265 : {false, true}) {
    const video_wish wish{.frames = 40, .gop = 10, .bframes = 0};
    const auto sent = h265 ? encode_h265(wish) : encode_h264(wish);
    REQUIRE_FALSE(sent.empty());
    for (const auto& f : faults) {
      INFO((h265 ? "H.265, " : "H.264, ") << f.name);
      receiver_under_test r;
      ps_sender camera{0x1234, f.faults};
      camera.set_map(h265 ? 0x24 : 0x1b, 0);
      send_paced(r, camera, sent);
      r.end();
      auto expected = sent;
      if (f.first_may_be_lost && r.frames.size() < sent.size()) {
        // Without a map it takes a while until it is clear that nothing else comes, and a marker that lies cuts pictures
        // until it is found out: from a key frame on all are there.
        REQUIRE(r.frames.size() >= 20);
        expected.assign(sent.end() - static_cast<std::ptrdiff_t>(r.frames.size()), sent.end());
      }
      check_same(r.frames, expected);
      CHECK(r.completed == 1);
      const auto t = r.frames.front()->of;
      CHECK(t->width == 320);
      CHECK(t->height == 240);
      CHECK(t->configuration == sent.front()->of->configuration);
    }
  }
}

TEST_CASE("media_receiver: a picture is given at its marker, without waiting for the next one") {
  const auto sent = encode_h264({.frames = 10, .gop = 10});
  receiver_under_test r;
  ps_sender camera;
  camera.set_map(0x1b, 0);
  for (std::size_t i = 0; i < sent.size(); ++i) {
    r.receive(camera.packets_of(*sent[i]));
    CHECK(r.frames.size() == i + 1);
  }
}

TEST_CASE("media_receiver: B-frames keep their order and their times") {
  const auto sent = encode_h264({.frames = 30, .gop = 15, .bframes = 2});
  receiver_under_test r;
  ps_sender camera;
  camera.set_map(0x1b, 0);
  send_paced(r, camera, sent);
  r.end();
  check_same(r.frames, sent);
}

TEST_CASE("media_receiver: packets in another order give the same frames, none is lost") {
  const auto sent = encode_h264({.frames = 50, .gop = 10});
  std::vector<bytes> packets;
  ps_sender camera;
  camera.set_map(0x1b, 0);
  for (const auto& f : sent)
    for (auto& p : camera.packets_of(*f)) packets.push_back(std::move(p));
  std::mt19937 random{7};
  for (std::size_t i = 1; i + 4 < packets.size(); ++i)
    if (random() % 5 == 0) std::swap(packets[i], packets[i + 1 + random() % 3]);
  receiver_under_test r;
  for (const auto& p : packets) {
    r.receive(p);
    r.pass(milliseconds{1});
  }
  r.end();
  check_same(r.frames, sent);
  CHECK(r.media->counters.held.value() > 0);
  CHECK(r.media->counters.gaps.value() == 0);
}

TEST_CASE("media_receiver: what packets are missing of is dropped and counted, and never given as whole") {
  const auto sent = encode_h264({.width = 640, .height = 480, .frames = 100, .gop = 10});
  std::mt19937 random{11};
  receiver_under_test r;
  ps_sender camera;
  camera.set_map(0x1b, 0);
  std::size_t touched = 0;
  for (const auto& f : sent) {
    bool hit = false;
    for (const auto& p : camera.packets_of(*f)) {
      if (random() % 100 == 0)
        hit = true;
      else
        r.receive(p);
    }
    touched += hit ? 1 : 0;
    r.pass(milliseconds{40});
  }
  r.pass(milliseconds{500});
  r.end();
  REQUIRE(touched > 3);
  // Each frame that came out is one of those that were sent, byte for byte.
  std::size_t at = 0;
  for (const auto& f : r.frames) {
    while (at < sent.size() && sent[at]->data != f->data) ++at;
    REQUIRE(at < sent.size());
    ++at;
  }
  CHECK(r.frames.size() + 3 * touched >= sent.size());
  CHECK(r.frames.size() <= sent.size() - touched + 1);
  CHECK(r.media->counters.gaps.value() >= touched);
}

TEST_CASE("media_receiver: sound and picture come together, and a filter leaves one of them out") {
  const auto video = encode_h264({.frames = 50, .gop = 10});
  for (const auto format : {codec::aac, codec::pcma, codec::pcmu}) {
    const auto audio = format == codec::aac ? encode_aac(80, 44100, 2) : make_g711(format, 50);
    const std::uint8_t type = format == codec::aac ? 0x0f : format == codec::pcma ? 0x90 : 0x91;
    for (const auto wish : {track_wish::all, track_wish::audio, track_wish::video}) {
      INFO(to_string(format) << ", wish " << static_cast<int>(wish));
      receiver_under_test r{wish};
      ps_sender camera;
      camera.set_map(0x1b, type);
      send_paced(r, camera, interleave(video, audio));
      r.end();
      CHECK(r.of(media_kind::video).size() == (wish == track_wish::audio ? 0 : video.size()));
      const auto sounds = r.of(media_kind::audio);
      if (wish == track_wish::video) {
        CHECK(sounds.empty());
        continue;
      }
      REQUIRE(sounds.size() + 2 >= audio.size());
      CHECK(sounds.back()->data == audio.back()->data);
      CHECK(sounds.front()->of->format == format);
      CHECK(r.media->frames.tracks().size() == (wish == track_wish::all ? 2 : 1));
    }
  }
}

TEST_CASE("media_receiver: stamps that jump go on where they were, sound and picture together") {
  const auto video = encode_h264({.frames = 60, .gop = 10});
  const auto audio = make_g711(codec::pcma, 60);
  for (const std::int64_t jump :
       {std::int64_t{-5'000'000}, std::int64_t{90'000'000}, (std::int64_t{1} << 33) - 100'000}) {
    INFO(jump);
    receiver_under_test r;
    ps_sender camera;
    camera.set_map(0x1b, 0x90);
    std::size_t n = 0;
    for (const auto& f : interleave(video, audio)) {
      r.receive(camera.packets_of(*f, 6'000'000 + (n++ < 60 ? 0 : jump)));
      r.pass(milliseconds{20});
    }
    r.end();
    for (const auto kind : {media_kind::video, media_kind::audio}) {
      const auto got = r.of(kind);
      REQUIRE(got.size() > 55);
      for (std::size_t i = 1; i < got.size(); ++i) {
        CHECK(got[i]->dts > got[i - 1]->dts);
        CHECK(got[i]->dts - got[i - 1]->dts < frame_clock / 4);
      }
    }
    const auto difference = r.of(media_kind::video).back()->dts - r.of(media_kind::audio).back()->dts;
    CHECK(std::abs(difference) < frame_clock / 4);
  }
}

TEST_CASE("media_receiver: packets that come before the decision are kept and lose nothing") {
  const auto sent = encode_h264({.frames = 20, .gop = 10});
  media_options options;
  stream_counters counted;
  rtp_receiver rtp{counted};
  const auto media = std::make_shared<live_media>(options);
  int completed = 0;
  media_receiver r{media, options, track_wish::all, [&] { ++completed; }};
  ps_sender camera;
  camera.set_map(0x1b, 0);
  time_point now{std::chrono::seconds{1}};
  const auto place = media->frames.join([] {});
  for (const auto& f : sent) {
    for (const auto& p : camera.packets_of(*f))
      if (const auto a = rtp.on_datagram(p, {}, now)) r.take(*a, now);
    r.end_batch(now);
    now += milliseconds{40};
  }
  fan_out::position at;
  CHECK(media->frames.read(at).frames.empty());
  r.begin({}, now);
  r.end_batch(now);
  CHECK(completed == 1);
  // The newest group of pictures at least is there.
  const auto batch = media->frames.read(at);
  REQUIRE(batch.frames.size() >= 10);
  CHECK(batch.frames.front()->key);
  CHECK(batch.frames.back()->data == sent.back()->data);
}

TEST_CASE("media_receiver: pictures without sound get silence, until sound comes") {
  receiver_under_test r{track_wish::all, stamp_mode::relative, true};
  const auto pictures = encode_h264({.frames = 50, .gop = 10});
  const auto tones = encode_aac(40, 8000, 1, 25 * 3600);
  ps_sender camera;
  camera.set_map(0x1b, 0);
  for (std::size_t i = 0; i < 25; ++i) {
    r.receive(camera.packets_of(*pictures[i]));
    r.pass(milliseconds{40});
  }
  REQUIRE(r.media->frames.tracks().size() == 2);
  CHECK(r.media->frames.tracks()[1]->sample_rate == silence::sample_rate);
  const auto before = r.of(media_kind::audio);
  CHECK(before.size() >= 6);
  const auto silent = before.back()->of;

  camera.set_map(0x1b, 0x0f);
  const std::vector<frame_ptr> later(pictures.begin() + 25, pictures.end());
  for (const auto& f : interleave(later, tones)) {
    r.receive(camera.packets_of(*f));
    r.pass(milliseconds{20});
  }
  const auto tracks = r.media->frames.tracks();
  REQUIRE(tracks.size() == 2);
  CHECK(tracks[1] != silent);
  const auto all = r.of(media_kind::audio);
  CHECK(all.back()->of == tracks[1]);
  CHECK(all.back()->data.size() > 10);
  const auto turn = std::find_if(all.begin(), all.end(), [&](const auto& f) { return f->of != silent; });
  CHECK(std::none_of(turn, all.end(), [&](const auto& f) { return f->of == silent; }));
}

TEST_CASE("media_receiver: whoever wants pictures alone, or no sound, gets no silence either") {
  const auto pictures = encode_h264({.frames = 20, .gop = 10});
  for (const auto wish : {track_wish::video, track_wish::all}) {
    receiver_under_test r{wish, stamp_mode::relative, wish == track_wish::video};
    ps_sender camera;
    camera.set_map(0x1b, 0);
    for (const auto& f : pictures) {
      r.receive(camera.packets_of(*f));
      r.pass(milliseconds{40});
    }
    CHECK(r.media->frames.tracks().size() == 1);
    CHECK(r.of(media_kind::audio).empty());
  }
}

TEST_CASE("media_receiver: a picture that the end of the stream cuts off never comes out as whole") {
  const auto sent = encode_h264({.frames = 11, .gop = 10});
  for (const auto marks : {ps_faults::marker::right, ps_faults::marker::never}) {
    receiver_under_test r;
    ps_sender camera{0x1234, {.length_zero = true, .marks = marks}};
    camera.set_map(0x1b, 0);
    for (std::size_t i = 0; i < 10; ++i) {
      r.receive(camera.packets_of(*sent[i]));
      r.pass(milliseconds{40});
    }
    const auto last = camera.packets_of(*sent[10]);
    REQUIRE(last.size() > 2);
    r.receive(std::vector<bytes>(last.begin(), last.end() - 1));
    r.cut_off();
    REQUIRE(r.frames.size() == 10);
    for (std::size_t i = 0; i < 10; ++i) CHECK(r.frames[i]->data == sent[i]->data);
  }
}
