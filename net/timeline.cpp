#include "net/timeline.hpp"

#include <algorithm>
#include <cstdlib>

namespace berth::net {
namespace {

// Stamps beyond it come from no clock: they are bounded so that no sum overflows.
constexpr std::int64_t limit = std::int64_t{1} << 60;

std::int64_t ticks(duration d) noexcept {
  return std::chrono::duration_cast<std::chrono::microseconds>(d).count() * 9 / 100;
}

std::int64_t bounded(std::int64_t v) noexcept { return std::clamp(v, -limit, limit); }

}  // namespace

std::int64_t stamp_unwrapper::unwrap(std::uint64_t stamp) noexcept {
  const std::uint64_t range = std::uint64_t{1} << bits_;
  stamp &= range - 1;
  if (!last_) {
    last_ = static_cast<std::int64_t>(stamp);
    return *last_;
  }
  const auto before = static_cast<std::uint64_t>(*last_) & (range - 1);
  const auto ahead = (stamp - before) & (range - 1);
  // Beyond half of the range, behind is nearer than ahead.
  const auto step = ahead < range / 2 ? static_cast<std::int64_t>(ahead)
                                      : static_cast<std::int64_t>(ahead) - static_cast<std::int64_t>(range);
  last_ = bounded(*last_ + step);
  return *last_;
}

std::int64_t rescale(std::int64_t value, std::uint32_t from_rate) noexcept {
  if (from_rate == frame_clock || from_rate == 0) return value;
  const auto rate = static_cast<std::int64_t>(from_rate);
  // Whole seconds apart, so that nothing overflows.
  const auto seconds = value / rate, rest = value % rate;
  const auto scaled = (rest * frame_clock * 2 + (rest < 0 ? -rate : rate)) / (rate * 2);
  return bounded(seconds) > limit / frame_clock || bounded(seconds) < -limit / frame_clock
             ? bounded(value)
             : seconds * frame_clock + scaled;
}

timeline::stamped timeline::place(std::size_t track, std::int64_t dts, std::int64_t pts, time_point arrival) noexcept {
  auto& t = tracks_[std::min(track, max_tracks - 1)];
  dts = bounded(dts);
  auto composition = bounded(pts) - dts;
  if (composition < 0 || composition > max_composition) composition = 0;

  if (!begun_) origin_ = arrival;
  std::int64_t placed = dts;
  if (mode_ == stamp_mode::relative) placed = place_relative(t, dts, arrival);
  if (mode_ == stamp_mode::arrival) placed = place_by_arrival(t, dts, arrival);
  if (t.begun && placed <= t.placed) placed = t.placed + 1;

  begun_ = true;
  t.begun = true;
  t.source = dts;
  t.placed = placed;
  t.arrival = arrival;
  furthest_ = std::max(furthest_, placed);
  return {placed, placed + composition};
}

// A track that begins later joins the offset that is there, if that puts it near the others; else it begins now.
std::int64_t timeline::first_offset(std::int64_t dts, time_point arrival) noexcept {
  if (!begun_) return -dts;
  const auto with_others = dts + offset_;
  if (with_others > furthest_ - max_step && with_others < furthest_ + max_step) return offset_;
  return std::max<std::int64_t>(0, ticks(arrival - origin_)) - dts;
}

std::int64_t timeline::place_relative(track_state& t, std::int64_t dts, time_point arrival) noexcept {
  if (!t.begun) {
    t.offset = first_offset(dts, arrival);
    if (!begun_) offset_ = t.offset;
    // Sound that was taken up before the first picture has no place before the beginning.
    return std::max<std::int64_t>(0, dts + t.offset);
  }
  const auto step = dts - t.source;
  if (step > 0 && step <= max_step) {
    t.step = step;
    return dts + t.offset;
  }
  // Standing still, back, or far ahead. Another track may have made this jump already.
  const auto with_others = dts + offset_;
  if (step != 0 && offset_ != t.offset && with_others > t.placed && with_others - t.placed <= max_step) {
    t.offset = offset_;
    return with_others;
  }
  const auto passed = ticks(arrival - t.arrival);
  // Two frames of one stamp that came together; stamps that stand still while time passes are another matter.
  if (step == 0 && passed <= t.step / 2) return t.placed;
  const auto go_on = passed > 0 && passed <= max_step && (t.step == 0 || passed > t.step / 2) ? passed : t.step;
  const auto placed = t.placed + std::max<std::int64_t>(1, go_on);
  t.offset = placed - dts;
  if (step != 0) {
    offset_ = t.offset;
    ++jumps_;
  }
  return placed;
}

std::int64_t timeline::place_by_arrival(track_state& t, std::int64_t dts, time_point arrival) noexcept {
  const auto now = std::max<std::int64_t>(0, ticks(arrival - origin_));
  if (!t.begun) {
    t.offset = now - dts;
    return now;
  }
  const auto by_source = dts + t.offset;
  const auto error = now - by_source;
  if (std::abs(error) > frame_clock) {
    t.offset = now - dts;
    ++jumps_;
    return now;
  }
  // A thirty-second of the distance each frame: neither the network's jitter nor a drifting clock is seen.
  t.offset += error / 32;
  return dts + t.offset;
}

}  // namespace berth::net
