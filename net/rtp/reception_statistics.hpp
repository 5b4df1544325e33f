// What a receiver has to know about one SSRC to report on it.
#pragma once

#include <cstdint>

#include "net/base/time.hpp"
#include "net/rtp/rtcp_packet.hpp"
#include "net/rtp/rtp_packet.hpp"
#include "net/rtp/sequence.hpp"

namespace berth::net {

/// Timestamp units a second: RFC 3551 6 for the static audio types, 90 kHz for everything else that GB/T 28181 sends.
constexpr std::uint32_t clock_rate(std::uint8_t payload_type) noexcept {
  switch (payload_type) {
    case 0:   // PCMU
    case 4:   // G723
    case 8:   // PCMA
    case 9:   // G722: 8000 on the wire, though it samples at 16000
    case 15:  // G728
    case 18:  // G729
      return 8000;
    default:
      return 90000;
  }
}

/// Sequence, jitter and report figures of one SSRC. A new SSRC needs a new object.
/// A value, owned by a stream's receiver and touched by its thread only.
class reception_statistics {
 public:
  /// Counts a packet of this SSRC; one whose verdict is not accepted changes neither jitter nor figures.
  sequence_verdict update(const rtp_packet& packet, time_point arrival) noexcept;
  void on_sender_report(const sender_report& report, time_point arrival) noexcept;

  /// The next report block. Its interval begins where the previous report's ended; nothing else moves that mark.
  report_block make_report(time_point now) noexcept;

  const sequence_tracker& sequence() const noexcept { return sequence_; }
  /// Interarrival jitter in timestamp units.
  std::uint32_t jitter() const noexcept { return static_cast<std::uint32_t>(jitter_ >> 4); }
  std::uint64_t jitter_us() const noexcept;

 private:
  void update_jitter(std::uint32_t timestamp, std::uint32_t rate, time_point arrival) noexcept;

  sequence_tracker sequence_;
  std::uint32_t ssrc_ = 0;

  bool timed_ = false;  // there is a packet to measure the next one from
  std::uint32_t rate_ = 90000;
  std::uint32_t last_timestamp_ = 0;
  time_point last_arrival_{};
  std::uint64_t jitter_ = 0;  // times 16, as in A.8

  std::uint64_t expected_prior_ = 0;
  std::uint64_t received_prior_ = 0;

  std::uint32_t last_sr_ = 0;
  time_point last_sr_arrival_{};
  bool has_sr_ = false;
};

}  // namespace berth::net
