#include "net/ingest/audio_depacketizer.hpp"

namespace berth::net {
namespace {

// RFC 3551 6; RFC 7587 4.1: 48000 whatever the encoder works with
constexpr std::uint32_t clock_rate_of(codec format) noexcept { return format == codec::opus ? 48000 : 8000; }

}  // namespace

audio_depacketizer::audio_depacketizer(elementary_sink& out, media_counters& counters, std::uint8_t payload_type,
                                       codec format) noexcept
    : out_(out),
      counters_(counters),
      stream_{.id = payload_type, .format = format, .clock_rate = clock_rate_of(format), .stamp_bits = 32} {}

void audio_depacketizer::push(const media_packet& packet) {
  if (packet.payload.empty()) return counters_.malformed.add();
  out_.unit_begin(stream_, raw_stamps{packet.timestamp, packet.timestamp});
  out_.bytes(packet.payload);
  out_.unit_end(false);
}

}  // namespace berth::net
