#include "net/ingest/timeline.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace berth::net {
namespace {

// Stamps beyond it come from no clock: they are bounded so that no sum overflows.
constexpr std::int64_t limit = std::int64_t{1} << 60;

std::int64_t ticks(time_point from, time_point to) noexcept {
  static constexpr duration far = std::chrono::hours{24 * 365 * 50};
  const auto near_enough = [](time_point t) { return std::clamp(t.time_since_epoch(), -far, far); };
  const auto passed = near_enough(to) - near_enough(from);
  return std::chrono::duration_cast<std::chrono::microseconds>(passed).count() * 9 / 100;
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
  if (from_rate == frame_clock || from_rate == 0) return bounded(value);
  // Whole seconds apart, so that nothing overflows.
  constexpr auto most = limit / frame_clock - 1;
  const auto rate = static_cast<std::int64_t>(from_rate);
  const auto seconds = value / rate, rest = value % rate;
  if (seconds > most) return limit;
  if (seconds < -most) return -limit;
  return seconds * frame_clock + (rest * frame_clock * 2 + (rest < 0 ? -rate : rate)) / (rate * 2);
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
  furthest_ = std::max(furthest_, placed);
  return {placed, placed + composition};
}

// A track that begins later joins the line of another, if that puts it near the others; else it begins where they are.
// Of a track that stands still the line before counts: the one that it is on is made of arrival.
std::int64_t timeline::first_offset(std::int64_t dts) const noexcept {
  for (const auto& other : tracks_) {
    const auto offset = other.standing ? other.former : other.offset;
    if (other.begun && std::abs(dts + offset - furthest_) < max_step) return offset;
  }
  return furthest_ - dts;
}

// Whether the line with this offset puts the stamp near where the track is.
bool timeline::fits(const track_state& t, std::int64_t dts, std::int64_t offset) noexcept {
  const auto ahead = dts + offset - t.placed;
  return offset != t.offset && ahead > -max_behind && ahead <= max_step;
}

// A line on which this stamp goes on: of another track that has made the jump already, or the one before.
std::optional<std::int64_t> timeline::known_offset(const track_state& t, std::int64_t dts) const noexcept {
  for (const auto& other : tracks_)
    if (other.begun && fits(t, dts, other.offset)) return other.offset;
  if (fits(t, dts, t.former)) return t.former;
  return std::nullopt;
}

std::int64_t timeline::place_relative(track_state& t, std::int64_t dts, time_point arrival) noexcept {
  if (!t.begun) {
    t.offset = t.former = first_offset(dts);
    t.arrival = arrival;
    // Sound that was taken up before the first picture has no place before the beginning.
    return std::max<std::int64_t>(0, dts + t.offset);
  }
  const auto step = dts - t.source;
  const auto passed = ticks(t.arrival, arrival);
  // Two frames of one stamp, fields for example. Stamps that stand still while time passes are another matter.
  if (step == 0 && passed <= (t.standing ? t.step / 2 : 3 * t.step)) return t.placed;

  const bool was_moved = std::exchange(t.moved, false);
  t.standing = step == 0;
  t.arrival = arrival;
  if (step > 0 && step <= max_step) {
    // Behind a wrong stamp the line before fits as well as the new one, or better.
    const auto by_former = dts + t.former - t.placed;
    const bool returns = was_moved && fits(t, dts, t.former) && std::abs(by_former - t.step) <= std::abs(step - t.step);
    if (returns) t.offset = t.former;
    if (!returns || t.step == 0) t.step = step;
    return dts + t.offset;
  }
  if (const auto known = step != 0 ? known_offset(t, dts) : std::nullopt) {
    t.former = std::exchange(t.offset, *known);
    return dts + t.offset;
  }
  const auto go_on = passed > 0 && passed <= max_step && passed > t.step / 2 ? passed : t.step;
  const auto placed = t.placed + std::max<std::int64_t>(1, go_on);
  if (!was_moved) t.former = t.offset;
  t.offset = placed - dts;
  t.moved = true;
  if (step != 0) ++jumps_;
  return placed;
}

std::int64_t timeline::place_by_arrival(track_state& t, std::int64_t dts, time_point arrival) noexcept {
  const auto now = std::max<std::int64_t>(0, ticks(origin_, arrival));
  const auto passed = ticks(std::exchange(t.arrival, arrival), arrival);
  if (!t.begun) {
    t.offset = now - dts;
    return now;
  }
  // Stamps that stand still have no pace: only the clock has one.
  if (dts == t.source) t.offset += std::clamp<std::int64_t>(passed, 0, frame_clock);
  const auto error = now - (dts + t.offset);
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
