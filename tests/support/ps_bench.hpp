// A program stream demultiplexer with all that it needs, for tests of what its sink is told.
#pragma once

#include <algorithm>
#include <vector>

#include "net/ingest/ps_demuxer.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/ps_bytes.hpp"
#include "tests/support/recording_sink.hpp"

namespace berth::tests::ps {

using unit = recording_sink::unit;

/// A value of one test.
struct bench {
  recording_sink out;
  net::media_counters counters;
  net::ps_demuxer demuxer{out, counters};

  bench& push(const bytes& b) {
    demuxer.push(b);
    return *this;
  }
  bench& in_pieces(const bytes& b, std::size_t size) {
    for (std::size_t i = 0; i < b.size(); i += size)
      demuxer.push(net::bytes_view{b}.subspan(i, std::min(size, b.size() - i)));
    return *this;
  }
  bench& mark() {
    demuxer.access_unit_end();
    return *this;
  }
  bench& lose() {
    demuxer.lost();
    return *this;
  }
  bench& end() {
    demuxer.flush();
    CHECK(out.sound);
    CHECK_FALSE(out.open);
    return *this;
  }
  std::uint64_t malformed() const { return counters.malformed.value(); }
  const std::vector<unit>& units() const { return out.units; }
};

/// Everything that a camera may send, in two pictures and a sound, with the bytes of each unit.
struct whole_stream {
  bytes picture_1 = picture_bytes(90), sound = bytes(20, 0xd5), picture_2 = picture_bytes(61, 3),
        tail = picture_bytes(33, 5);
  bytes all = pack(3) + system_header() + map({{0x1b, 0xe0, {5, 1, 9}}, {0x90, 0xc0}}, {1, 2, 3}) +
              pes(0xe0, picture_1, {.stamps = net::raw_stamps{7200, 3600}}) + packet(0xbe, bytes(9, 0xff)) + pack() +
              pes(0xc0, sound, {.stamps = at(3600), .stuffing = 2}) + packet(0xbd, {0, 0, 1, 0xe0, 0, 0}) +
              pack_of_mpeg1() + pes(0xe0, picture_2, {.stamps = at(0x1fffffff0), .length = 0}) +
              pes(0xe0, tail, {.length = 20}) + bytes{0, 0, 1, 0xb9};
  std::vector<unit> units{{stream(0xe0, net::codec::h264), net::raw_stamps{7200, 3600}, picture_1},
                          {stream(0xc0, net::codec::pcma), at(3600), sound},
                          {stream(0xe0, net::codec::h264), at(0x1fffffff0), picture_2},
                          {stream(0xe0, net::codec::h264), std::nullopt, tail}};
};

}  // namespace berth::tests::ps
