// H.264 (RFC 6184) and H.265 (RFC 7798) in RTP.
#pragma once

#include "net/egress/rtp_packetizer.hpp"

namespace berth::net {

/// A NAL unit is a packet, or, when it is too long for one, several fragmentation units; nothing is aggregated. Key
/// frames have the parameter sets of their track in front. The marker stands on the last packet of an access unit.
class nal_packetizer final : public rtp_packetizer {
 public:
  nal_packetizer(codec format, const rtp_identity& who, std::size_t largest_payload)
      : rtp_packetizer(who), format_(format), largest_(largest_payload) {}

  void write(const frame& f, rtp_batch& to) override;
  int clock_rate() const noexcept override { return frame_clock; }

 private:
  void put(bytes_view nal, std::int64_t time, bool last, rtp_batch& to);

  codec format_;
  std::size_t largest_;
};

}  // namespace berth::net
