// FLV, the container of most web players and of RTMP.
#pragma once

#include "net/egress/carried_tracks.hpp"
#include "net/egress/container.hpp"

namespace berth::net {

/// Writes FLV tags, without a library: a tag is a frame behind a few bytes. Time stamps of frames are those of the
/// stream's line, in ms; the header's own tags say 0, since players take the first frame's stamp for the beginning and
/// only a header that lies behind it would confuse them. Owner and threads: see muxer.
class flv_muxer final : public muxer {
 public:
  /// Where the header holds the duration: a double of seconds, 8 bytes, big endian; 0 while it is not known.
  static constexpr std::size_t duration_at = 53;

  explicit flv_muxer(const std::vector<track_ptr>& tracks, const muxer_options& options = {});

  chunk_ptr header() const override { return header_; }
  chunk_ptr write(const frame& f) override;

 private:
  chunk_ptr make_header() const;
  std::int64_t milliseconds(std::int64_t stamp) const noexcept;

  muxer_options options_;
  carried_tracks tracks_;
  chunk_ptr header_;
};

}  // namespace berth::net
