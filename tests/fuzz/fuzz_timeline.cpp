// Hostile stamps: time grows in every track, and pts is not before dts.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "net/base/bytes.hpp"
#include "net/ingest/timeline.hpp"
#include "tests/fuzz/require.hpp"

using namespace berth::net;

namespace {

constexpr std::uint32_t rates[] = {90000, 8000, 44100, 1, 0, 0xffffffff, 48000, 1000};

}  // namespace

// The first byte chooses mode and rate; then a frame is 12 bytes: track and width, arrival, and both stamps.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto mode = static_cast<stamp_mode>(data[0] % 3);
  const auto rate = rates[data[0] / 3 % 8];
  timeline line{mode};
  std::array<stamp_unwrapper, timeline::max_tracks> unwrappers{stamp_unwrapper{33}, stamp_unwrapper{32},
                                                               stamp_unwrapper{33}, stamp_unwrapper{32}};
  std::array<std::optional<std::int64_t>, timeline::max_tracks> last, unwrapped;
  time_point now{std::chrono::seconds{1}};
  std::uint64_t frames = 0;
  for (std::size_t at = 1; at + 12 <= size; at += 12) {
    const auto* p = data + at;
    const std::size_t track = p[0] & 7;
    const auto index = std::min(track, timeline::max_tracks - 1);
    now += std::chrono::milliseconds{static_cast<std::int16_t>(load_be16(p + 2)) / 16};
    const auto raw = std::uint64_t{load_be32(p + 4)} << (p[0] >> 7) | (p[0] >> 6 & 1);
    auto composition = static_cast<std::int64_t>(static_cast<std::int32_t>(load_be32(p + 8)));
    std::int64_t dts = 0;
    if ((p[0] & 8) != 0) {
      // Beyond all that an unwrapper gives.
      dts = static_cast<std::int64_t>(raw << (p[1] % 64));
      composition = static_cast<std::int64_t>(static_cast<std::uint64_t>(composition) << (p[1] / 4));
    } else {
      auto& u = unwrappers[index];
      const auto range = std::int64_t{1} << u.bits();
      const auto value = u.unwrap(raw);
      require((static_cast<std::uint64_t>(value) & static_cast<std::uint64_t>(range - 1)) ==
              (raw & static_cast<std::uint64_t>(range - 1)));
      if (unwrapped[index]) require(std::abs(value - *unwrapped[index]) <= range / 2);
      unwrapped[index] = value;
      dts = rescale(value, rate);
      if (rate > 0 && value > 0) require(rescale(value - 1, rate) <= dts);
    }
    const auto pts =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(dts) + static_cast<std::uint64_t>(composition));
    const auto jumps = line.jumps();
    const auto placed = line.place(track, dts, pts, now);
    ++frames;
    if (last[index]) require(placed.dts > *last[index]);
    require(placed.pts >= placed.dts && placed.pts - placed.dts <= timeline::max_composition);
    if (mode == stamp_mode::relative) {
      require(placed.dts >= 0);
      // However far the stamps leap, the line goes on by a bounded step; a new track begins near the others.
      if (last[index]) require(placed.dts - *last[index] <= timeline::max_step + timeline::max_behind);
      require(placed.dts <= static_cast<std::int64_t>(frames) * (timeline::max_step + timeline::max_behind));
    }
    require(line.jumps() == jumps || line.jumps() == jumps + 1);
    last[index] = placed.dts;
  }
  return 0;
}
