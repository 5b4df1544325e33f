// Which packets a receiver should ask for again.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "net/base/time.hpp"

namespace berth::net {

/// Each missing number is asked for a few times, as long as it may still be of use. Bounded: a large hole is not asked
/// for at all. Owned by a track's receiver and touched by its thread only.
class missing_packets {
 public:
  static constexpr std::size_t most = 128;
  static constexpr duration first_after = std::chrono::milliseconds{10};  ///< it may only be late
  static constexpr duration again_after = std::chrono::milliseconds{50};
  static constexpr duration given_up_after = std::chrono::milliseconds{300};

  /// `anew`: nothing before belongs to it.
  void came(std::uint16_t number, bool anew, time_point now);
  /// In their order.
  std::vector<std::uint16_t> to_ask_for(time_point now);

 private:
  struct hole {
    std::uint16_t number = 0;
    time_point since;
    time_point due;
  };
  std::deque<hole> holes_;
  std::uint16_t next_ = 0;
};

}  // namespace berth::net
