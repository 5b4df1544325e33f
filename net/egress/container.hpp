// Frames in the bytes that players read: FLV, fragmented MP4, MPEG transport stream, RTP packets.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "net/base/bytes.hpp"
#include "net/base/time.hpp"
#include "net/codec/codec.hpp"
#include "net/media/frame.hpp"
#include "net/media/schema.hpp"

namespace berth::net {

enum class container : std::uint8_t { flv, fmp4, ts, rtp };
inline constexpr std::size_t container_count = static_cast<std::size_t>(container::rtp) + 1;

struct container_facts {
  std::string_view name;
  std::string_view suffix;  ///< of a file, and of a live stream's path ("/app/stream.live.flv"); empty = over no HTTP
  std::string_view media_type;  ///< RFC 6838
  schema as = schema::rtmp;     ///< what its viewers count as
};
container_facts facts_of(container c) noexcept;
inline std::string_view to_string(container c) noexcept { return facts_of(c).name; }

/// Bytes of one or more frames in a container, immutable, shared by all viewers; dies with the last of them.
struct chunk {
  /// Where one packet stands in the bytes, and what it is.
  struct packet {
    std::uint32_t offset = 0;
    std::uint16_t size = 0;
    std::uint8_t track = 0;  ///< by the order of rtp_muxer::carried()
    bool report = false;     ///< RTCP
  };

  std::vector<std::uint8_t> bytes;
  std::vector<packet> packets;  ///< RTP: all of the bytes, in order; none in other containers
  bool key = false;             ///< a viewer may begin here, after the header; without video that is every chunk
  std::int64_t dts = 0;         ///< of the frame, as the frame says it

  bytes_view bytes_of(const packet& p) const noexcept { return {bytes.data() + p.offset, p.size}; }
};
using chunk_ptr = std::shared_ptr<const chunk>;

struct muxer_options {
  /// FLV: H.265 and Opus by FourCC, as enhanced RTMP has them. Without, H.265 is the codec id 12 that players of the
  /// field know, and Opus is not carried.
  bool enhanced_flv = false;
  std::int64_t origin = 0;  ///< the dts that becomes 0; what is before becomes 0 too
  std::uint32_t ssrc = 0;   ///< RTP: of the first track; the second has the next one
  wall_time begun{};        ///< RTP: when the first frame is written, for sender reports
};

/// Frames of other codecs are passed over. G.711 is FLV's alone: browsers refuse a whole fMP4 for the sake of it, and
/// a transport stream has no registered stream type for it.
bool can_carry(container c, codec format, const muxer_options& options = {}) noexcept;

/// Turns frames into a container's bytes, frame by frame: nothing is held back for the next one. Carries at most one
/// video and one audio track: the first of each kind. One per stream and container, owned by whoever feeds it and
/// touched by that thread only; what it gives away is for everyone.
class muxer {
 public:
  virtual ~muxer() = default;

  /// For viewers who begin now, in front of a key chunk. Changes when a track changes. Never null, perhaps empty.
  virtual chunk_ptr header() const = 0;
  /// The bytes of one frame. A track that is not the one before (frame::of) brings its configuration along, in front
  /// of the frame. Null if the frame can not be carried.
  virtual chunk_ptr write(const frame& f) = 0;
};

}  // namespace berth::net
