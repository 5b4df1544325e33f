// Transport streams, packet by packet, and read back by a demuxer.
#include "net/egress/ffmpeg_muxer.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/demuxed_media.hpp"
#include "tests/support/encoded_media.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

unsigned pid_of(const std::uint8_t* p) { return load_be16(p + 1) & 0x1fffU; }

/// What is wrong with the packets and their counters; empty if nothing.
std::string fault_of_packets(bytes_view b) {
  if (b.size() % 188 != 0) return "not whole packets";
  std::map<unsigned, int> last;
  for (std::size_t at = 0; at < b.size(); at += 188) {
    const auto* const p = &b[at];
    if (p[0] != 0x47) return "no sync byte at " + std::to_string(at);
    const auto pid = pid_of(p);
    const bool payload = (p[3] & 0x10) != 0;
    const int counter = p[3] & 0x0f;
    if (const auto l = last.find(pid); l != last.end() && counter != ((l->second + (payload ? 1 : 0)) & 0x0f))
      return "PID " + std::to_string(pid) + ": " + std::to_string(counter) + " behind " + std::to_string(l->second);
    last[pid] = counter;
  }
  return {};
}

/// version_number of the first PMT (ISO/IEC 13818-1 2.4.4.8), -1 if there is none.
int pmt_version(bytes_view b) {
  for (std::size_t at = 0; at + 188 <= b.size(); at += 188)
    if (pid_of(&b[at]) == 0x1000) return (b[at + 4 + 1 + 5] >> 1) & 0x1f;
  return -1;
}

}  // namespace

TEST_CASE("ts_muxer: each chunk is whole packets, counted without a hole, and ends its frame", "[ffmpeg_muxer]") {
  const auto m = encode_pair(codec::h264, {.frames = 30, .gop = 10, .bframes = 2});
  ts_muxer mux{m.tracks};
  CHECK(mux.header()->bytes.empty());
  bytes all;
  for (const auto& f : m.all) {
    const auto k = mux.write(*f);
    REQUIRE(k);
    CHECK(k->bytes.size() % 188 == 0);
    int units = 0;  // PES packets begun
    for (std::size_t at = 0; at < k->bytes.size(); at += 188)
      if (pid_of(&k->bytes[at]) >= 0x100 && pid_of(&k->bytes[at]) < 0x1000) units += (k->bytes[at + 1] >> 6) & 1;
    CHECK(units == 1);
    if (f->key) {
      std::set<unsigned> tables;
      for (std::size_t at = 0; pid_of(&k->bytes[at]) != 0x100; at += 188) tables.insert(pid_of(&k->bytes[at]));
      CHECK(tables.count(0) == 1);
      CHECK(tables.count(0x1000) == 1);
    }
    append(all, k->bytes);
  }
  CHECK(fault_of_packets(all) == "");
  CHECK(fault_of_packets(mux.header()->bytes) == "");
  CHECK(mux.header()->bytes.size() >= 2 * 188);
}

TEST_CASE("ts_muxer: tables are in front of every key frame, even where all are", "[ffmpeg_muxer]") {
  const auto v = encode_h264({.frames = 10, .gop = 1});
  ts_muxer mux{{v[0]->of}};
  for (const auto& f : v) {
    REQUIRE(f->key);
    const auto k = mux.write(*f);
    REQUIRE(k);
    CHECK(k->key);
    const auto d = demux(k->bytes, "mpegts");
    CHECK(compare(d, "h264", {f}) == "");
    CHECK(d.find("h264")->decoded == 1);
  }
}

TEST_CASE("ts_muxer: new parameter sets come in-band, under the same tables", "[ffmpeg_muxer]") {
  for (const auto format : {codec::h264, codec::h265}) {
    INFO(to_string(format));
    const auto first = encode_pair(format, {.frames = 10});
    const auto second = encode_pair(format, {.width = 160, .height = 120, .frames = 10, .first_dts = 36000});
    ts_muxer mux{first.tracks};
    bytes file;
    for (const auto& f : first.video) append(file, mux.write(*f)->bytes);
    const auto at = file.size();
    for (const auto& f : second.video) append(file, mux.write(*f)->bytes);
    CHECK(fault_of_packets(file) == "");
    CHECK(pmt_version(bytes_view{file}.subspan(at)) == pmt_version(file));
    auto both = first.video;
    both.insert(both.end(), second.video.begin(), second.video.end());
    const auto d = demux(file, "mpegts");
    CHECK(compare(d, ffmpeg_name(format), both) == "");
    CHECK(d.find(ffmpeg_name(format))->decoded == 20);
    CHECK(d.find(ffmpeg_name(format))->errors == 0);
  }
}

TEST_CASE("ts_muxer: another codec makes new tables, and counters go on", "[ffmpeg_muxer]") {
  const auto first = encode_h264({.frames = 10}), second = encode_h265({.frames = 10, .first_dts = 36000});
  const auto third = encode_h264({.frames = 10, .first_dts = 72000});
  ts_muxer mux{{first[0]->of}};
  bytes file;
  std::vector<int> versions;
  for (const auto* part : {&first, &second, &third}) {
    const auto at = file.size();
    for (const auto& f : *part) append(file, mux.write(*f)->bytes);
    versions.push_back(pmt_version(bytes_view{file}.subspan(at)));
    CHECK(compare(demux(bytes_view{file}.subspan(at), "mpegts"), ffmpeg_name(part->front()->of->format), *part) == "");
  }
  CHECK(versions == std::vector{0, 1, 2});
  CHECK(fault_of_packets(file) == "");
}

TEST_CASE("ts_muxer: of a unit that is cut off, what is whole stays", "[ffmpeg_muxer]") {
  const auto v = encode_h264({.frames = 2});
  ts_muxer mux{{v[0]->of}};
  CHECK(mux.write(changed_frame(*v[1], {0, 0, 0, 5, 1, 2})) == nullptr);
  const auto k = mux.write(changed_frame(*v[1], {0, 0, 0, 2, 0x41, 0xab, 0, 0, 0, 5, 0x41, 0xcd}));
  REQUIRE(k);
  CHECK(find(k->bytes, std::string("\0\0\0\1\x41\xab", 6)) < k->bytes.size());
  CHECK(find(k->bytes, "\xcd") == k->bytes.size());
}

TEST_CASE("ts_muxer: a sound track that comes later makes new tables", "[ffmpeg_muxer]") {
  const auto m = encode_pair(codec::h264, {.frames = 20, .gop = 10});
  ts_muxer mux{{m.tracks[0]}};
  bytes file;
  for (std::size_t i = 0; i < 10; ++i) append(file, mux.write(*m.video[i])->bytes);
  CHECK(pmt_version(file) == 0);
  const auto k = mux.write(*m.audio[20]);
  REQUIRE(k);
  CHECK(pmt_version(k->bytes) == 1);
  append(file, k->bytes);
  CHECK(fault_of_packets(file) == "");
}
