// AAC (RFC 3640), G.711 (RFC 3551) and Opus (RFC 7587) in RTP.
#pragma once

#include <vector>

#include "net/egress/rtp_packetizer.hpp"

namespace berth::net {

/// Time in samples, out of stamps that were rounded to frame_clock: it counts on, and follows the stamps only where
/// they leave it by more than a frame's worth. A part of one packetizer.
class sample_clock {
 public:
  explicit sample_clock(int rate) noexcept : rate_(rate > 0 ? rate : 8000) {}

  /// When a frame of this stamp and so many samples begins.
  std::int64_t take(std::int64_t pts, std::int64_t samples) noexcept {
    const auto said = pts * rate_ / frame_clock;
    const auto off = said - next_;
    if (!begun_ || off > tolerance() || off < -tolerance()) next_ = said;
    begun_ = true;
    const auto at = next_;
    next_ += samples;
    return at;
  }
  int rate() const noexcept { return rate_; }
  /// Whether the frame goes on where the one before ended.
  bool continues(std::int64_t pts) const noexcept {
    const auto off = pts * rate_ / frame_clock - next_;
    return begun_ && off <= tolerance() && off >= -tolerance();
  }

 private:
  std::int64_t tolerance() const noexcept { return rate_ / 25; }

  int rate_;
  std::int64_t next_ = 0;
  bool begun_ = false;
};

/// Mode AAC-hbr: one frame a packet, behind AU-headers-length (16 bits) and one AU header of 13 bits of size and 3 of
/// index. A frame that is too long goes on in further packets with the same header; the last has the marker.
class aac_packetizer final : public rtp_packetizer {
 public:
  aac_packetizer(int sample_rate, const rtp_identity& who, std::size_t largest_payload)
      : rtp_packetizer(who), clock_(sample_rate), largest_(largest_payload) {}

  void write(const frame& f, rtp_batch& to) override;
  int clock_rate() const noexcept override { return clock_.rate(); }

 private:
  sample_clock clock_;
  std::size_t largest_;
};

/// Packets of one length, however long the frames are; what is not enough for one waits for the next frame. The marker
/// stands on the first packet, and on the first one after a hole.
class octet_packetizer final : public rtp_packetizer {
 public:
  /// `format`: one of octets, as G.711.
  octet_packetizer(codec format, int channels, const rtp_identity& who, int packet_ms);

  void write(const frame& f, rtp_batch& to) override;
  int clock_rate() const noexcept override { return clock_.rate(); }

 private:
  std::size_t stamps_of(std::size_t octets) const noexcept;

  codec format_;
  sample_clock clock_;
  std::size_t channels_;
  std::size_t packet_;                  // bytes
  std::vector<std::uint8_t> gathered_;  // shorter than a packet
  std::int64_t gathered_time_ = 0;
  bool marker_ = true;
};

/// One frame a packet. The marker stands on the first one.
class opus_packetizer final : public rtp_packetizer {
 public:
  explicit opus_packetizer(const rtp_identity& who) : rtp_packetizer(who) {}

  void write(const frame& f, rtp_batch& to) override;
  int clock_rate() const noexcept override { return 48000; }

 private:
  bool marker_ = true;
};

}  // namespace berth::net
