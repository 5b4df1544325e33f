// Hostile order: whatever numbers and times come in, packets go out in order, whole and counted.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "net/ingest/reorder_buffer.hpp"
#include "tests/fuzz/require.hpp"

using namespace berth::net;

namespace {

class checking_sink final : public ordered_sink {
 public:
  void on_packet(const ordered_packet& p) override {
    if (p.restarted) {
      require(p.missing == 0);
    } else if (seen_) {
      require(p.number == last_ + 1 + static_cast<std::int64_t>(p.missing));
    }
    // The payload says which packet it is of.
    for (const auto b : p.payload) require(b == static_cast<std::uint8_t>(p.number));
    require(p.timestamp == static_cast<std::uint32_t>(p.number));
    seen_ = true;
    last_ = p.number;
    missing += p.missing;
    ++packets;
  }
  void forget() noexcept { seen_ = false; }

  std::uint64_t packets = 0, missing = 0;

 private:
  bool seen_ = false;
  std::int64_t last_ = 0;
};

}  // namespace

// The first two bytes choose the limits; then an operation is two bytes: what, and how much.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const reorder_buffer::limits limits{.packets = data[0] % 40U,
                                      .distance = data[1],
                                      .bytes = data[0] * 64U,
                                      .patience = std::chrono::milliseconds{data[1] % 64}};
  checking_sink out;
  media_counters counters;
  reorder_buffer buffer{out, counters, limits};
  time_point now{std::chrono::seconds{1}};
  std::int64_t number = 0;
  std::uint64_t pushed = 0, forgotten = 0;
  std::uint8_t payload[4096];
  for (std::size_t at = 2; at + 1 < size; at += 2) {
    const auto what = data[at] % 16;
    const auto much = data[at + 1];
    now += std::chrono::milliseconds{what & 3};
    if (what == 15) {
      forgotten += buffer.waiting();
      buffer.reset();
      out.forget();
    } else if (what == 14) {
      buffer.flush();
    } else if (what == 13) {
      now += std::chrono::milliseconds{much};
      buffer.expire(now);
    } else {
      const bool restarted = what == 12;
      // Mostly a little ahead or back, at times farther than any distance.
      number += restarted || what == 11 ? much * 97 - 12000 : what < 6 ? 1 : much % 16 - 6;
      const std::size_t bytes = what == 10 ? std::min<std::size_t>(sizeof payload, much * 16U) : much % 4U;
      std::fill_n(payload, bytes, static_cast<std::uint8_t>(number));
      accepted_packet a;
      a.number = number;
      a.restarted = restarted;
      a.packet.timestamp = static_cast<std::uint32_t>(number);
      a.packet.payload = bytes_view(payload, bytes);
      const auto before = out.packets + buffer.waiting() + counters.late.value();
      buffer.push(a, now);
      // One more, unless it waits already: the sequence tracker lets no duplicate through, this does not rely on it.
      const auto after = out.packets + buffer.waiting() + counters.late.value();
      require(after == before || after == before + 1);
      pushed += after - before;
    }
    require(buffer.waiting() <= limits.packets);
    require(buffer.waiting() <= static_cast<std::size_t>(limits.distance));
    require(buffer.deadline().has_value() == (buffer.waiting() > 0));
    if (buffer.deadline()) require(*buffer.deadline() <= now + limits.patience);
    require(counters.gaps.value() == out.missing);
  }
  buffer.expire(now + limits.patience);
  require(buffer.waiting() == 0);
  require(out.packets + counters.late.value() + forgotten == pushed);
  return 0;
}
