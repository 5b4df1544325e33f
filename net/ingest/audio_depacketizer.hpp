// Audio frames out of RTP packets whose payload is one: G.711 (RFC 3551 4.5.14) and its like, and Opus (RFC 7587 4.2).
#pragma once

#include "net/ingest/depacketizer.hpp"

namespace berth::net {

/// The marker, which begins a talk spurt here, means nothing to anybody behind. Has no state but what it was made with.
/// Owned by the stream's set of payload types and touched by its thread only.
class audio_depacketizer final : public depacketizer {
 public:
  /// `format`: one of octets, or opus.
  audio_depacketizer(elementary_sink& out, media_counters& counters, std::uint8_t payload_type, codec format) noexcept;
  audio_depacketizer(const audio_depacketizer&) = delete;
  audio_depacketizer& operator=(const audio_depacketizer&) = delete;

  void push(const media_packet& packet) override;
  void lost() override { out_.lost(); }
  void flush() override {}

 private:
  elementary_sink& out_;
  media_counters& counters_;
  const elementary_stream stream_;
};

}  // namespace berth::net
