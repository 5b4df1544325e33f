// Hostile program streams: whatever comes in, the sink hears of units that belong together and of no byte too many.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "net/ingest/ps_demuxer.hpp"
#include "tests/fuzz/require.hpp"

using namespace berth::net;

namespace {

class checking_sink final : public elementary_sink {
 public:
  void unit_begin(const elementary_stream& stream, std::optional<raw_stamps> stamps) override {
    require(!open);
    open = true;
    require(stream.id >= 0xc0 && stream.id <= 0xef);
    require(stream.clock_rate == 90000 && stream.stamp_bits == 33);
    if (stamps) require(stamps->pts >> 33 == 0 && stamps->dts >> 33 == 0);
  }
  void bytes(bytes_view piece) override {
    require(open && !piece.empty());
    given += piece.size();
    sum = sum * 31 + piece[0] + piece[piece.size() - 1];  // all of it can be read
  }
  void nal_begin() override { require(false); }
  void nal_bytes(bytes_view) override { require(false); }
  void nal_end() override { require(false); }
  void unit_end(bool) override {
    require(open);
    open = false;
  }
  void lost() override {
    require(!open);
    ++losses;
  }
  void access_unit_end() override { ++access_unit_ends; }

  bool open = false;
  std::uint64_t given = 0, losses = 0, access_unit_ends = 0;
  unsigned sum = 0;
};

}  // namespace

// A piece is a length byte and its bytes; lengths of 250 and more are events: 255 a loss, the others markers.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  checking_sink out;
  media_counters counters;
  ps_demuxer demuxer{out, counters};
  bytes_view input{data, size};
  std::uint64_t pushed = 0, losses = 0, markers = 0;
  while (!input.empty()) {
    const auto code = input[0];
    input = input.subspan(1);
    if (code == 255) {
      demuxer.lost();
      ++losses;
      require(!out.open);
    } else if (code >= 250) {
      demuxer.access_unit_end();
      ++markers;
    } else {
      const auto piece = input.first(std::min<std::size_t>(code, input.size()));
      input = input.subspan(piece.size());
      demuxer.push(piece);
      pushed += piece.size();
    }
    require(out.given <= pushed);
  }
  demuxer.flush();
  require(!out.open);
  require(out.given <= pushed);
  require(out.losses == losses && out.access_unit_ends == markers);
  require(counters.malformed.value() <= pushed);
  static_cast<void>(demuxer.announced());
  static_cast<void>(ps_demuxer::looks_like_ps({data, size}));
  return 0;
}
