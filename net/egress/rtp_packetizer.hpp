// From frames to RTP packets: one packetizer for each thing that RTP may carry.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "net/media/frame.hpp"
#include "net/rtp/rtp_writer.hpp"

namespace berth::net {

/// What the packets of a sender carry; the numbers are those of the API.
enum class rtp_packing : std::uint8_t { es = 0, ps = 1, ts = 2 };
constexpr std::string_view to_string(rtp_packing as) noexcept {
  switch (as) {
    case rtp_packing::es:
      return "es";
    case rtp_packing::ps:
      return "ps";
    case rtp_packing::ts:
      return "ts";
  }
  return {};
}

struct packetizer_options {
  std::size_t video_payload = 1400;  ///< bytes of one packet at most
  std::size_t audio_payload = 600;
  int g711_ms = 100;           ///< of sound in one packet of G.711
  bool audio_instead = false;  ///< of an elementary stream or a whole program: sound alone
};

/// Packs the frames of one SSRC. One per receiver, or one for all receivers of a stream; touched by one thread.
class rtp_packetizer {
 public:
  explicit rtp_packetizer(const rtp_identity& who) : writer_(who) {}
  virtual ~rtp_packetizer() = default;
  rtp_packetizer(const rtp_packetizer&) = delete;
  rtp_packetizer& operator=(const rtp_packetizer&) = delete;

  /// Appends the packets of a frame; none if it is not carried, or if it waits for the next one.
  virtual void write(const frame& f, rtp_batch& to) = 0;
  /// Of the time stamps, in Hz.
  virtual int clock_rate() const noexcept = 0;

  const rtp_writer& writer() const noexcept { return writer_; }

 protected:
  rtp_writer writer_;
};

}  // namespace berth::net
