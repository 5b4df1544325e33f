// NAL units out of RTP packets of H.265 (RFC 7798).
#pragma once

#include "net/ingest/depacketizer.hpp"

namespace berth::net {

/// Single NAL units, aggregation packets and fragmentation units, without DONL fields: sprop-max-don-diff is 0, as it is
/// unless somebody signals another value. PACI packets are counted as malformed. Start codes before NAL units are taken
/// off. Fragments go on as they come, nothing is kept or copied.
/// `malformed` counts packets whose own bytes are broken; a fragment without its beginning only damages its unit.
/// Owned by the stream's set of payload types and touched by its thread only.
class h265_depacketizer final : public depacketizer {
 public:
  h265_depacketizer(elementary_sink& out, media_counters& counters, std::uint8_t payload_type) noexcept
      : units_(out, counters, {.id = payload_type, .format = codec::h265, .clock_rate = 90000, .stamp_bits = 32}) {}

  void push(const media_packet& packet) override;
  void lost() override { units_.lost(); }
  void flush() override { units_.end_unit(); }

 private:
  void unpack(bytes_view payload);
  void unpack_aggregate(bytes_view rest);
  void unpack_fragment(bytes_view payload);

  nal_units units_;
};

/// yes: a plausible VPS or SPS, alone or in an aggregation packet, or the first fragment of a picture.
likeness looks_like_h265(bytes_view payload) noexcept;

}  // namespace berth::net
