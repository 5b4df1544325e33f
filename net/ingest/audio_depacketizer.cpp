#include "net/ingest/audio_depacketizer.hpp"

namespace berth::net {

audio_depacketizer::audio_depacketizer(elementary_sink& out, media_counters& counters, std::uint8_t payload_type,
                                       codec format) noexcept
    : out_(out),
      counters_(counters),
      stream_{.id = payload_type, .format = format, .clock_rate = facts_of(format).rtp_clock, .stamp_bits = 32} {}

void audio_depacketizer::push(const media_packet& packet) {
  if (packet.payload.empty()) return counters_.malformed.add();
  out_.unit_begin(stream_, raw_stamps{packet.timestamp, packet.timestamp});
  out_.bytes(packet.payload);
  out_.unit_end(false);
}

}  // namespace berth::net
