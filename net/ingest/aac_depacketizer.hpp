// AAC frames out of RTP packets of mode AAC-hbr (RFC 3640).
#pragma once

#include <array>

#include "net/ingest/depacketizer.hpp"

namespace berth::net {

/// What an AudioSpecificConfig says, which no packet carries. Where nobody signals it (GB28181 does not) the default is a
/// guess, and another rate than the sender's makes the wrong pace.
struct aac_format {
  std::uint32_t sample_rate = 16000;  ///< of the time stamps too; one that AAC does not have is taken for the nearest
  std::uint8_t channels = 1;          ///< 1 .. 7, as in channelConfiguration
  std::uint8_t object_type = 2;       ///< 1 .. 4; 2 = LC
};

/// Gives each access unit as one unit with an ADTS header before it, so that whatever carries AAC, the sink sees the
/// same. sizeLength is 13, indexLength and indexDeltaLength are 3; the indexes are passed over, since AAC-hbr without
/// interleaving has zeros there. Several access units of a packet are 1024 samples apart. A fragment goes on as it
/// comes, nothing is kept or copied. A packet which is an ADTS frame already, as some cameras have it, is one unit.
/// Owned by the stream's set of payload types and touched by its thread only.
class aac_depacketizer final : public depacketizer {
 public:
  aac_depacketizer(elementary_sink& out, media_counters& counters, std::uint8_t payload_type,
                   const aac_format& format = {}) noexcept;
  aac_depacketizer(const aac_depacketizer&) = delete;
  aac_depacketizer& operator=(const aac_depacketizer&) = delete;

  void push(const media_packet& packet) override;
  void lost() override;
  void flush() override { end_unit(); }

 private:
  void take_fragment(const media_packet& packet, std::size_t unit_size, bytes_view piece);
  void begin_unit(std::uint32_t timestamp);
  void begin_frame(std::uint32_t timestamp, std::size_t unit_size);
  void end_unit();

  elementary_sink& out_;
  media_counters& counters_;
  const elementary_stream stream_;
  std::array<std::uint8_t, 7> adts_header_{};  // but for the length
  bool open_ = false;
  // of the access unit that is open
  std::uint32_t timestamp_ = 0;
  std::size_t size_ = 0;     // bytes, as its AU-header says
  std::size_t missing_ = 0;  // bytes of it that have not come yet
};

}  // namespace berth::net
