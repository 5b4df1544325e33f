#include "net/egress/system_packetizer.hpp"

#include <algorithm>
#include <utility>

#include "net/egress/ffmpeg_muxer.hpp"

namespace berth::net {
namespace {

constexpr std::size_t ts_packet_size = 188;

}  // namespace

void ps_packetizer::write(const frame& f, rtp_batch& to) {
  bytes_.clear();
  if (!muxer_.write(f, bytes_)) return;
  bytes_view rest = bytes_;
  while (!rest.empty()) {
    const auto piece = rest.first(std::min(largest_, rest.size()));
    rest = rest.subspan(piece.size());
    writer_.put(to, f.dts, rest.empty(), piece);
  }
}

ts_packetizer::ts_packetizer(const std::vector<track_ptr>& tracks, const rtp_identity& who, std::size_t largest_payload)
    : system_packetizer(who),
      muxer_(std::make_unique<ts_muxer>(tracks)),
      largest_(std::max<std::size_t>(largest_payload / ts_packet_size, 1) * ts_packet_size),
      carries_any_(!carried_tracks{container::ts, tracks}.empty()) {}

void ts_packetizer::write(const frame& f, rtp_batch& to) {
  const auto made = muxer_->write(f);
  if (!made) return;
  bytes_view rest = made->bytes;
  while (!rest.empty()) {
    const auto piece = rest.first(std::min(largest_, rest.size()));
    rest = rest.subspan(piece.size());
    writer_.put(to, f.dts, std::exchange(marker_, false), piece);
  }
}

}  // namespace berth::net
