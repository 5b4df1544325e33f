// One monotonic time line for all tracks of a stream, out of stamps that wrap, jump, stand still or start anywhere.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "net/base/time.hpp"
#include "net/media/frame.hpp"

namespace berth::net {

/// Turns stamps of `bits` width into a line without wrap-around. A value, of one track.
class stamp_unwrapper {
 public:
  /// `bits`: 32 for RTP, 33 for PES; at most 60.
  explicit stamp_unwrapper(unsigned bits = 33) noexcept : bits_(bits) {}

  /// The value nearest to the one before that has these low bits.
  std::int64_t unwrap(std::uint64_t stamp) noexcept;
  unsigned bits() const noexcept { return bits_; }

 private:
  unsigned bits_;
  std::optional<std::int64_t> last_;
};

/// A time in units of 1/from_rate s in frame_clock units, rounded to the nearest; bounded where no clock can be.
std::int64_t rescale(std::int64_t value, std::uint32_t from_rate) noexcept;

/// The meaning of protocol.modify_stamp.
enum class stamp_mode : std::uint8_t {
  source,    ///< as the sender gives them
  arrival,   ///< by the clock of arrival, at the pace of the sender's stamps
  relative,  ///< from 0, with jumps corrected
};

/// Places frames of up to max_tracks tracks on one line in frame_clock units, with dts never behind the track's frame
/// before and pts never before dts. In relative mode the first frame of any track is at 0; a jump of the sender's stamps
/// (back, or ahead by more than max_step) goes on where the line was, and when another track makes the same jump it is
/// moved by the same, so that sound and picture stay together. A stamp that is wrong alone moves nothing for good: the
/// track goes back to the line that it has left. Stamps that stand still are replaced by the time of arrival.
/// Owned by a frame maker, touched by its thread only. Any input is allowed.
class timeline {
 public:
  static constexpr std::size_t max_tracks = 4;
  static constexpr std::int64_t max_step = 3 * frame_clock;
  static constexpr std::int64_t max_behind = frame_clock / 2;       ///< that a track may be ahead of a line it joins
  static constexpr std::int64_t max_composition = 5 * frame_clock;  ///< a larger pts - dts is taken for nonsense

  explicit timeline(stamp_mode mode = stamp_mode::relative) noexcept : mode_(mode) {}

  struct stamped {
    std::int64_t dts = 0;
    std::int64_t pts = 0;
  };
  /// `dts` and `pts` as unwrapped, in frame_clock units.
  stamped place(std::size_t track, std::int64_t dts, std::int64_t pts, time_point arrival) noexcept;

  /// Corrections so far.
  std::uint64_t jumps() const noexcept { return jumps_; }

 private:
  struct track_state {
    bool begun = false;
    bool moved = false;       // by the frame before, to a line that is only a guess
    bool standing = false;    // its stamps do not move
    std::int64_t source = 0;  // last dts as it came
    std::int64_t placed = 0;  // last dts on the line
    std::int64_t step = 0;    // last sane distance
    std::int64_t offset = 0;  // placed = source + offset
    std::int64_t former = 0;  // offset before it was moved
    time_point arrival{};     // of the last frame that moved its time
  };

  std::int64_t place_relative(track_state& t, std::int64_t dts, time_point arrival) noexcept;
  std::int64_t place_by_arrival(track_state& t, std::int64_t dts, time_point arrival) noexcept;
  std::int64_t first_offset(std::int64_t dts) const noexcept;
  static bool fits(const track_state& t, std::int64_t dts, std::int64_t offset) noexcept;
  std::optional<std::int64_t> known_offset(const track_state& t, std::int64_t dts) const noexcept;

  stamp_mode mode_;
  std::array<track_state, max_tracks> tracks_;
  bool begun_ = false;
  time_point origin_{};        // arrival of the first frame
  std::int64_t furthest_ = 0;  // dts on the line, of any track
  std::uint64_t jumps_ = 0;
};

}  // namespace berth::net
