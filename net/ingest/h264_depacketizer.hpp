// NAL units out of RTP packets of H.264 (RFC 6184).
#pragma once

#include "net/ingest/depacketizer.hpp"

namespace berth::net {

/// Single NAL units, STAP-A, STAP-B, FU-A and FU-B, in the order they come in: decoding order numbers are passed over.
/// MTAP16 and MTAP24 are counted as malformed: only interleaved senders have them, and no camera interleaves. Start
/// codes before NAL units are taken off. Fragments go on as they come, nothing is kept or copied.
/// `malformed` counts packets whose own bytes are broken; a fragment without its beginning only damages its unit.
/// Owned by the stream's set of payload types and touched by its thread only.
class h264_depacketizer final : public depacketizer {
 public:
  h264_depacketizer(elementary_sink& out, media_counters& counters, std::uint8_t payload_type) noexcept
      : units_(out, counters, {.id = payload_type, .format = codec::h264, .clock_rate = 90000, .stamp_bits = 32}) {}

  void push(const media_packet& packet) override;
  void lost() override { units_.lost(); }
  void flush() override { units_.end_unit(); }

 private:
  void unpack(bytes_view payload);
  void unpack_aggregate(bytes_view rest);
  void unpack_fragment(bytes_view payload, std::size_t header_size);

  nal_units units_;
};

/// yes: a plausible SPS, alone or in a STAP-A, or the first fragment of an IDR picture. Only these: the two bytes that
/// any other packet can be known by are no proof.
likeness looks_like_h264(bytes_view payload) noexcept;

}  // namespace berth::net
