// Playlists, and the segments that they name.
#include "net/egress/hls_segmenter.hpp"

#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/demuxed_media.hpp"
#include "tests/support/encoded_media.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

/// 25 pictures a second, a key frame each second.
std::vector<frame_ptr> make_video(int frames, int bframes = 0, std::int64_t first_dts = 900000) {
  return encode_h264(
      {.width = 64, .height = 64, .frames = frames, .gop = 25, .bframes = bframes, .first_dts = first_dts});
}

std::string repeated(const std::string& playlist, const std::string& word) {
  int n = 0;
  for (auto at = playlist.find(word); at != std::string::npos; at = playlist.find(word, at + 1)) ++n;
  return std::to_string(n);
}

frame moved(const frame& f, std::int64_t by) {
  auto out = f;
  out.dts += by;
  out.pts += by;
  return out;
}

}  // namespace

TEST_CASE("hls_segmenter: RFC 8216 4.3: the playlist of a live stream", "[hls_segmenter]") {
  const auto video = make_video(25 * 11 + 1);
  hls_segmenter h{{video[0]->of}};
  CHECK(h.playlist() == "");
  CHECK_FALSE(h.has_segments());
  std::size_t i = 0;
  for (; i <= 50; ++i) h.write(*video[i]);
  CHECK(h.has_segments());
  CHECK(h.playlist() ==
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:2.000,\n0.ts\n");
  for (; i < video.size(); ++i) h.write(*video[i]);
  CHECK(h.playlist("rtp/cam/") ==
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:2\n"
        "#EXTINF:2.000,\nrtp/cam/2.ts\n#EXTINF:2.000,\nrtp/cam/3.ts\n#EXTINF:2.000,\nrtp/cam/4.ts\n");
}

TEST_CASE("hls_segmenter: fragmented MP4 names its header, once for all that share it", "[hls_segmenter]") {
  const auto video = make_video(25 * 6 + 1);
  hls_segmenter h{{video[0]->of}, {.as = container::fmp4}};
  for (const auto& f : video) h.write(*f);
  CHECK(h.playlist("p/") ==
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-MAP:URI=\"p/init0.mp4\"\n#EXTINF:2.000,\np/0.m4s\n#EXTINF:2.000,\np/1.m4s\n#EXTINF:2.000,\np/2.m4s\n");
  REQUIRE(h.init());
  CHECK(h.segment("init0.mp4") == h.init());
  CHECK(h.segment("init1.mp4") == nullptr);
}

TEST_CASE("hls_segmenter: every segment can be played alone, and none of the frames is missing", "[hls_segmenter]") {
  const auto video = make_video(25 * 8, 2);
  const auto audio = encode_aac(345, 44100, 2, 900000);
  for (const auto as : {container::ts, container::fmp4}) {
    INFO(to_string(as));
    hls_segmenter h{{video[0]->of, audio[0]->of}, {.as = as, .segments_in_list = 10}};
    for (const auto& f : interleave(video, {audio.begin() + 1, audio.end()})) h.write(*f);
    h.end();
    CHECK(h.playlist().find("#EXT-X-ENDLIST\n") != std::string::npos);
    CHECK(repeated(h.playlist(), "EXTINF") == "4");
    int audio_packets = 0;
    for (int n = 0; n < 4; ++n) {
      INFO(n);
      const auto s = h.segment(std::to_string(n) + (as == container::ts ? ".ts" : ".m4s"));
      REQUIRE(s);
      bytes file = as == container::fmp4 ? h.init()->bytes : bytes{};
      append(file, s->bytes);
      const auto d = demux(file, as == container::ts ? "mpegts" : "mp4");
      CHECK(compare(d, "h264", {video.begin() + n * 50, video.begin() + n * 50 + 50}) == "");
      CHECK(d.find("h264")->decoded == 50);
      CHECK(d.find("h264")->errors == 0);
      CHECK(d.find("aac")->errors == 0);
      audio_packets += d.find("aac")->packets;
    }
    CHECK(audio_packets == 344);
  }
}

TEST_CASE("hls_segmenter: what has left the list is kept for a while, then it is gone", "[hls_segmenter]") {
  const auto video = make_video(25 * 10 + 1);
  hls_segmenter h{{video[0]->of}, {.segment_seconds = 1, .segments_in_list = 3, .segments_kept = 2}};
  for (const auto& f : video) h.write(*f);
  CHECK(h.playlist().find("MEDIA-SEQUENCE:7\n") != std::string::npos);
  for (int n = 0; n < 12; ++n) {
    INFO(n);
    CHECK((h.segment(std::to_string(n) + ".ts") != nullptr) == (n >= 5 && n < 10));
  }
  for (const auto* name : {"", "5", "5.m4s", "05.ts", "5.ts ", "../5.ts", "init0.mp4"})
    CHECK(h.segment(name) == nullptr);
  CHECK(h.init() == nullptr);
}

TEST_CASE("hls_segmenter: a segment that is given away outlives the list", "[hls_segmenter]") {
  const auto video = make_video(25 * 4 + 1);
  hls_segmenter h{{video[0]->of}, {.segment_seconds = 1, .segments_in_list = 1, .segments_kept = 0}};
  chunk_ptr first;
  for (const auto& f : video) {
    h.write(*f);
    if (!first) first = h.segment("0.ts");
  }
  REQUIRE(first);
  CHECK(h.segment("0.ts") == nullptr);
  CHECK(demux(first->bytes, "mpegts").packets.size() == 25);
}

TEST_CASE("hls_segmenter: a list of none is a list of one", "[hls_segmenter]") {
  const auto video = make_video(25 * 3 + 1);
  hls_segmenter h{{video[0]->of}, {.segment_seconds = 1, .segments_in_list = 0, .segments_kept = 0}};
  for (const auto& f : video) h.write(*f);
  CHECK(repeated(h.playlist(), "EXTINF") == "1");
}

TEST_CASE("hls_segmenter: registered fast, the first segment is one group of pictures", "[hls_segmenter]") {
  const auto video = make_video(25 * 5 + 1);
  hls_segmenter h{{video[0]->of}, {.fast_register = true}};
  for (std::size_t i = 0; i < 25; ++i) h.write(*video[i]);
  CHECK_FALSE(h.has_segments());
  for (std::size_t i = 25; i < video.size(); ++i) h.write(*video[i]);
  CHECK(h.playlist() ==
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXTINF:1.000,\n0.ts\n#EXTINF:2.000,\n1.ts\n#EXTINF:2.000,\n2.ts\n");
}

TEST_CASE("hls_segmenter: it begins with a key frame, and cuts at the first one behind the target", "[hls_segmenter]") {
  const auto video = encode_h264({.width = 64, .height = 64, .frames = 121, .gop = 30});
  hls_segmenter h{{video[0]->of}};
  for (std::size_t i = 7; i < video.size(); ++i) h.write(*video[i]);
  CHECK(h.playlist() ==
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:3\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:2.400,\n0.ts\n");
  const auto d = demux(h.segment("0.ts")->bytes, "mpegts");
  CHECK(compare(d, "h264", {video.begin() + 30, video.begin() + 90}) == "");
}

TEST_CASE("hls_segmenter: the target never shrinks, and no segment is longer", "[hls_segmenter]") {
  const auto video = encode_h264({.width = 64, .height = 64, .frames = 131, .gop = 130});
  const auto later = make_video(25 * 9, 0, 131 * 3600);
  hls_segmenter h{{video[0]->of}};
  for (const auto& f : video) h.write(*f);
  CHECK(h.playlist().find("TARGETDURATION:6\n") != std::string::npos);
  CHECK(h.playlist().find("EXTINF:5.200,\n") != std::string::npos);
  for (auto f : later) {
    auto g = *f;
    g.of = video[0]->of;
    h.write(g);
  }
  CHECK(h.playlist().find("EXTINF:5.200,\n") == std::string::npos);
  CHECK(h.playlist().find("TARGETDURATION:6\n") != std::string::npos);
}

TEST_CASE("hls_segmenter: sound alone is cut by its duration", "[hls_segmenter]") {
  const auto audio = encode_aac(300, 44100, 2, 900000);
  for (const auto as : {container::ts, container::fmp4}) {
    INFO(to_string(as));
    hls_segmenter h{{audio[0]->of}, {.as = as}};
    for (const auto& f : audio) h.write(*f);
    CHECK(h.playlist().find("EXTINF:2.020,\n") != std::string::npos);
    CHECK(repeated(h.playlist(), "EXTINF") == "3");
    for (int n = 0; n < 3; ++n) {
      bytes file = as == container::fmp4 ? h.init()->bytes : bytes{};
      append(file, h.segment(std::to_string(n) + (as == container::ts ? ".ts" : ".m4s"))->bytes);
      const auto d = demux(file, as == container::ts ? "mpegts" : "mp4");
      CHECK(compare(d, "aac", {audio.begin() + n * 87, audio.begin() + n * 87 + 87}) == "");
      CHECK(d.find("aac")->errors == 0);
    }
  }
}

TEST_CASE("hls_segmenter: another track is a discontinuity, with its own header", "[hls_segmenter]") {
  const auto first = make_video(60, 0, 0);
  const auto second = encode_h264({.width = 96, .height = 64, .frames = 101, .gop = 25, .first_dts = 60 * 3600});
  for (const auto as : {container::ts, container::fmp4}) {
    INFO(to_string(as));
    hls_segmenter h{{first[0]->of}, {.as = as}};
    for (const auto& f : first) h.write(*f);
    for (const auto& f : second) h.write(*f);
    const std::string end = as == container::ts ? ".ts" : ".m4s";
    const std::string map0 = as == container::ts ? "" : "#EXT-X-MAP:URI=\"init0.mp4\"\n",
                      map1 = as == container::ts ? "" : "#EXT-X-MAP:URI=\"init1.mp4\"\n";
    const auto list = h.playlist();
    CHECK(list.substr(list.find("#EXT-X-MEDIA")) == "#EXT-X-MEDIA-SEQUENCE:1\n" + map0 + "#EXTINF:0.400,\n1" + end +
                                                        "\n#EXT-X-DISCONTINUITY\n" + map1 + "#EXTINF:2.000,\n2" + end +
                                                        "\n#EXTINF:2.000,\n3" + end + "\n");
    bytes file = as == container::fmp4 ? h.segment("init1.mp4")->bytes : bytes{};
    append(file, h.segment("2" + end)->bytes);
    const auto d = demux(file, as == container::ts ? "mpegts" : "mp4");
    CHECK(compare(d, "h264", {second.begin(), second.begin() + 50}) == "");
    CHECK(d.find("h264")->width == 96);
    CHECK(d.find("h264")->errors == 0);
  }
}

TEST_CASE("hls_segmenter: RFC 8216 4.3.3.3: discontinuities that have left the list are counted", "[hls_segmenter]") {
  const auto video = make_video(51, 0, 0);
  hls_segmenter h{{video[0]->of}, {.segments_in_list = 2, .segments_kept = 1}};
  // a hole of 20 s behind each 2 s: every segment but the first is a discontinuity
  for (int n = 0; n < 6; ++n)
    for (std::size_t i = 0; i < 50; ++i) h.write(moved(*video[i], n * 22 * 90000));
  CHECK(h.playlist() ==
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:3\n#EXT-X-DISCONTINUITY-SEQUENCE:2\n"
        "#EXT-X-DISCONTINUITY\n#EXTINF:2.000,\n3.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:2.000,\n4.ts\n");
}

TEST_CASE("hls_segmenter: a hole in the line is not a segment's duration", "[hls_segmenter]") {
  const auto video = make_video(101, 0, 0);
  hls_segmenter h{{video[0]->of}};
  for (std::size_t i = 0; i < 30; ++i) h.write(*video[i]);
  for (std::size_t i = 30; i < video.size(); ++i) h.write(moved(*video[i], 3600 * 90000));
  // From the hole up to the next key frame nothing can be shown.
  CHECK(h.playlist() ==
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXTINF:1.200,\n0.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:2.000,\n1.ts\n");
  CHECK(compare(demux(h.segment("1.ts")->bytes, "mpegts"), "h264", {video.begin() + 50, video.begin() + 100},
                3600LL * 90000) == "");
}

TEST_CASE("hls_segmenter: what it holds is bounded, whatever comes", "[hls_segmenter]") {
  const auto video = make_video(26, 0, 0);
  const std::size_t most = 100000;
  hls_segmenter h{{video[0]->of}, {.segments_in_list = 2, .segments_kept = 1, .max_segment_bytes = most}};
  auto f = *video[0];
  f.data = bytes(30000, 0x11);
  store_be32(f.data.data(), 29996);
  h.write(f);
  f.key = false;
  for (int i = 1; i < 1000; ++i) {
    f.dts = f.pts = i * 40;  // 1 s at most
    h.write(f);
    REQUIRE(h.bytes() <= 5 * (most + 10000));
  }
  CHECK(h.has_segments());
  // A segment that goes on in the middle has its tables all the same.
  const auto list = h.playlist();
  const auto at = list.find(",\n") + 2;
  const auto s = h.segment(list.substr(at, list.find('\n', at) - at));
  REQUIRE(s);
  CHECK(s->bytes.size() <= most);
  CHECK(load_be16(&s->bytes[1]) == 0x4000);  // the first packet is of PID 0
}

TEST_CASE("hls_segmenter: without a key frame a segment ends after a minute", "[hls_segmenter]") {
  const auto video = make_video(2, 0, 0);
  hls_segmenter h{{video[0]->of}};
  h.write(*video[0]);
  for (int i = 1; i < 25 * 130; ++i) h.write(moved(*video[1], (i - 1) * 3600));
  CHECK(repeated(h.playlist(), "EXTINF:60.000") == "2");
}

TEST_CASE("hls_segmenter: what can not be carried makes no segments", "[hls_segmenter]") {
  const auto g711 = make_g711(codec::pcma, 200);
  const auto video = make_video(101, 0, 0);
  hls_segmenter none{{g711[0]->of}};
  for (const auto& f : g711) none.write(*f);
  none.end();
  CHECK(none.playlist() == "");
  none.write(*video[0]);

  hls_segmenter h{{video[0]->of, g711[0]->of}};
  h.write(frame{});
  for (const auto& f : interleave(video, g711)) h.write(*f);
  CHECK(repeated(h.playlist(), "EXTINF:2.000") == "2");

  hls_segmenter broken{{video[0]->of}};
  for (int i = 0; i < 300; ++i) {
    auto f = *video[0];
    f.dts = f.pts = i * 3600;
    f.data = {0, 0, 0, 9, 1};
    broken.write(f);
  }
  CHECK(broken.playlist() == "");
}
