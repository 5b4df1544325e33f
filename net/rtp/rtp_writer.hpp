// RTP packets on their way out: numbered, stamped, and back to back in one buffer.
#pragma once

#include <cstdint>
#include <vector>

#include "net/base/bytes.hpp"
#include "net/base/time.hpp"

namespace berth::net {

/// Packets for those who send them: one by one, or all of them as they stand. A value of whoever sends.
class rtp_batch {
 public:
  /// What stands in front of each packet: nothing, or its length as TCP has it (RFC 4571 2).
  ///    0               2
  ///   +-------+-------+------ - -
  ///   |    length     | packet
  ///   +-------+-------+------ - -
  enum class framing : std::uint8_t { none = 0, length = 2 };
  static constexpr std::size_t largest_packet = 65535;

  explicit rtp_batch(framing f = framing::length) : framing_(f) {}

  /// Appends room for a packet and returns where it begins; valid until the next call. At most largest_packet bytes.
  std::uint8_t* add(std::size_t size);
  void clear() noexcept;

  bool empty() const noexcept { return begins_.empty(); }
  std::size_t size() const noexcept { return begins_.size(); }
  bytes_view packet(std::size_t i) const noexcept;
  bytes_view framed() const noexcept { return bytes_; }  ///< all of them, back to back, with their prefixes
  /// Gives framed() away.
  std::vector<std::uint8_t> take();

 private:
  std::size_t prefix() const noexcept { return static_cast<std::size_t>(framing_); }

  framing framing_;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::size_t> begins_;  // of the packets, behind their prefixes
};

/// Who a stream of packets says it is.
struct rtp_identity {
  std::uint32_t ssrc = 0;
  std::uint8_t payload_type = 96;
  std::uint16_t first_sequence = 0;
  std::uint32_t first_timestamp = 0;  ///< what the time 0 is written as
};

/// Writes the headers of one SSRC's packets (RFC 3550 5.1) and keeps what its sender reports say. A part of one
/// packetizer, on its thread.
class rtp_writer {
 public:
  explicit rtp_writer(const rtp_identity& i)
      : identity_(i), sequence_(i.first_sequence), timestamp_(i.first_timestamp) {}

  /// One packet, its payload in two pieces. `time` is in units of the payload type's clock.
  void put(rtp_batch& to, std::int64_t time, bool marker, bytes_view head, bytes_view payload = {});

  std::uint32_t ssrc() const noexcept { return identity_.ssrc; }
  std::uint32_t packets() const noexcept { return packets_; }         ///< modulo 2^32, as RFC 3550 6.4.1 has it
  std::uint32_t octets() const noexcept { return octets_; }           ///< of payload, likewise
  std::uint32_t timestamp() const noexcept { return timestamp_; }     ///< of the newest packet
  std::uint16_t next_sequence() const noexcept { return sequence_; }  ///< of the packet that comes next

 private:
  rtp_identity identity_;
  std::uint16_t sequence_;
  std::uint32_t timestamp_;
  std::uint32_t packets_ = 0;
  std::uint32_t octets_ = 0;
};

}  // namespace berth::net
