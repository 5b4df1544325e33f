// A stream's tracks as RTP on one TCP connection (RFC 2326 10.12), made once for all who take it so.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "net/base/bytes.hpp"
#include "net/egress/carried_tracks.hpp"
#include "net/egress/container.hpp"
#include "net/egress/rtp_packetizer.hpp"

namespace berth::net {

/// Packets behind '$', channel and length. The first track has the channels 0 and 1, the second one 2 and 3; the odd
/// ones carry sender reports, so that receivers know which moments of the tracks belong together: one of each track in
/// front of a key frame, and every few seconds. Those who have other channels, or UDP, take the packets apart.
/// Owner and threads: see muxer.
class rtp_muxer final : public muxer {
 public:
  rtp_muxer(const std::vector<track_ptr>& tracks, const muxer_options& options);

  chunk_ptr header() const override { return header_; }
  chunk_ptr write(const frame& f) override;

  /// The tracks that it carries, video first: their order is that of the channels.
  static std::vector<track_ptr> carried(const std::vector<track_ptr>& tracks);

 private:
  void report(std::int64_t dts, rtp_batch& to);

  muxer_options options_;
  carried_tracks tracks_;
  std::array<std::unique_ptr<rtp_packetizer>, 2> packetizers_;  // by channel / 2
  chunk_ptr header_;
  std::optional<std::int64_t> first_dts_;
  std::optional<std::int64_t> reported_dts_;
};

/// Takes a chunk of it apart: calls each(channel, packet).
template <class Each>
void for_each_interleaved(bytes_view chunk, Each&& each) {
  constexpr std::size_t head = 4;
  while (chunk.size() >= head) {
    const std::size_t length = load_be16(&chunk[2]);
    if (chunk.size() - head < length) return;
    each(chunk[1], chunk.subspan(head, length));
    chunk = chunk.subspan(head + length);
  }
}

}  // namespace berth::net
