// What was sent a moment ago, for receivers who have lost it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "net/base/bytes.hpp"

namespace berth::net {

/// A ring of the last RTP packets of one sender; a newer packet takes the place of the one that is `size` older.
/// Owned by a WebRTC session and touched by its thread only.
class sent_packets {
 public:
  static constexpr std::size_t size = 512;

  void keep(bytes_view packet) {
    auto& place = ring_[load_be16(&packet[2]) % size];
    place.assign(packet.begin(), packet.end());
  }
  /// Null if it is not there any more.
  const std::vector<std::uint8_t>* find(std::uint32_t ssrc, std::uint16_t number) const {
    const auto& place = ring_[number % size];
    const bool same = place.size() >= 12 && load_be16(&place[2]) == number && load_be32(&place[8]) == ssrc;
    return same ? &place : nullptr;
  }

 private:
  std::array<std::vector<std::uint8_t>, size> ring_;
};

}  // namespace berth::net
