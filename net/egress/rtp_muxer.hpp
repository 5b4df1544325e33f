// A stream's tracks as RTP and RTCP packets, made once for all who take them.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "net/egress/carried_tracks.hpp"
#include "net/egress/container.hpp"
#include "net/egress/rtp_packetizer.hpp"

namespace berth::net {

/// Packets as they are, with their places in the chunk: each way to a viewer has a framing of its own, and adds it on
/// the way. Sender reports tell receivers which moments of the tracks belong together: one of each track in front of a
/// key frame, and every few seconds.
/// Owner and threads: see muxer.
class rtp_muxer final : public muxer {
 public:
  rtp_muxer(const std::vector<track_ptr>& tracks, const muxer_options& options);

  chunk_ptr header() const override { return header_; }
  chunk_ptr write(const frame& f) override;

  /// The tracks that it carries, video first: a packet names its track by this order.
  static std::vector<track_ptr> carried(const std::vector<track_ptr>& tracks);

 private:
  void report(std::int64_t dts, rtp_batch& to, std::vector<chunk::packet>& places);

  muxer_options options_;
  carried_tracks tracks_;
  std::array<std::unique_ptr<rtp_packetizer>, 2> packetizers_;  // by track
  chunk_ptr header_;
  std::optional<std::int64_t> first_dts_;
  std::optional<std::int64_t> reported_dts_;
};

}  // namespace berth::net
