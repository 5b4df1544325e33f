// What a GB/T 28181 camera puts into its packets, made once and stamped for each frame: H.264 in a program stream.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace berth::bench {

/// One coded picture of exactly `bytes` bytes: pack header, for a key frame the stream map and parameter sets, PES
/// packets. Nobody could decode it. A value.
class coded_picture {
 public:
  coded_picture(bool key, std::size_t bytes);

  static constexpr std::size_t least = 256;  ///< bytes of a picture

  /// Its time on the 90 kHz clock, and the moment at which it is sent.
  void stamp(std::uint64_t pts, std::chrono::steady_clock::time_point sent);
  std::span<const std::uint8_t> bytes() const noexcept { return bytes_; }

 private:
  void append_pes(std::size_t payload, bool first);

  std::vector<std::uint8_t> bytes_;
  std::size_t pts_at_ = 0, sent_at_ = 0;
};

/// The moment at which a picture was sent, from its slice (the NAL unit without start code or length); none if it is not
/// one of these. Both sides have to be on one machine.
std::optional<std::chrono::steady_clock::time_point> sent_at(std::span<const std::uint8_t> slice) noexcept;

}  // namespace berth::bench
