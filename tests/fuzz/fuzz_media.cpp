// Hostile media: demultiplexers and the frame maker behind them, fed with pieces, losses and markers.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "net/codec/annexb.hpp"
#include "net/ingest/frame_maker.hpp"
#include "net/ingest/ps_demuxer.hpp"
#include "net/ingest/ts_demuxer.hpp"
#include "tests/fuzz/require.hpp"

using namespace berth::net;

namespace {

/// Whatever comes in, frames are whole and in order.
class checking_sink final : public frame_sink {
 public:
  void on_frame(frame_ptr f) override {
    require(f != nullptr && f->of != nullptr);
    auto& last = f->of->kind == media_kind::video ? video_ : audio_;
    require(f->pts >= f->dts);
    if (last.seen) require(f->dts > last.dts);
    if (f->of->kind == media_kind::video) {
      require(last.seen || f->key);
      std::size_t sum = 0;
      for_each_nal(f->data, [&](bytes_view nal) { sum += 4 + nal.size(); });
      require(sum == f->data.size());
    }
    last = {true, f->dts};
  }

 private:
  struct last_frame {
    bool seen = false;
    std::int64_t dts = 0;
  };
  last_frame video_, audio_;
};

template <class Demuxer>
void run(bytes_view input, const frame_maker::options& options) {
  checking_sink frames;
  media_counters counters;
  frame_maker maker{frames, counters, options};
  Demuxer demuxer{maker, counters};
  time_point now{std::chrono::seconds{1}};
  // A piece is a length byte and its bytes; lengths of 250 and more are events.
  while (!input.empty()) {
    const auto code = input[0];
    input = input.subspan(1);
    now += std::chrono::milliseconds{code};
    maker.set_packet(now, static_cast<std::uint32_t>(code) * 3600);
    if (code == 255) {
      demuxer.lost();
    } else if (code >= 250) {
      demuxer.access_unit_end();
    } else {
      const auto size = std::min<std::size_t>(code, input.size());
      demuxer.push(input.first(size));
      input = input.subspan(size);
    }
  }
  demuxer.flush();
  maker.flush();
}

}  // namespace

// The first byte chooses the carrier and what is wanted.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bytes_view input{data + 1, size - 1};
  const frame_maker::options options{.stamps = static_cast<stamp_mode>((data[0] >> 1) % 3), .max_unit = 4096};
  if ((data[0] & 1) == 0)
    run<ps_demuxer>(input, options);
  else
    run<ts_demuxer>(input, options);
  return 0;
}
