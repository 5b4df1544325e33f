#include "net/egress/rtp_muxer.hpp"

#include <algorithm>
#include <utility>

#include "net/egress/packetizers.hpp"
#include "net/egress/sdp.hpp"
#include "net/rtp/rtcp_packet.hpp"

namespace berth::net {
namespace {

constexpr std::int64_t longest_without_report = 5 * frame_clock;  // RFC 3550 6.2
constexpr packetizer_options options_of_viewers{.g711_ms = 20};

// The packets that the batch has and that have no place yet are of this track.
void place(const rtp_batch& batch, std::size_t track, bool report, std::vector<chunk::packet>& places) {
  auto next = places.empty() ? 0 : places.back().offset + places.back().size;
  while (places.size() < batch.size()) {
    const auto size = static_cast<std::uint16_t>(batch.packet(places.size()).size());
    places.push_back({.offset = next, .size = size, .track = static_cast<std::uint8_t>(track), .report = report});
    next += size;
  }
}

}  // namespace

std::vector<track_ptr> rtp_muxer::carried(const std::vector<track_ptr>& tracks) {
  const carried_tracks chosen{container::rtp, tracks};
  std::vector<track_ptr> out;
  for (const auto& t : {chosen.video(), chosen.audio()})
    if (t) out.push_back(t);
  return out;
}

rtp_muxer::rtp_muxer(const std::vector<track_ptr>& tracks, const muxer_options& options)
    : options_(options), tracks_(container::rtp, tracks), header_(std::make_shared<chunk>()) {
  std::uint8_t index = 0;
  for (const auto& t : carried(tracks)) {
    const rtp_identity who{.ssrc = options.ssrc + index,
                           .payload_type = rtp_format_of(*t, static_cast<std::uint8_t>(96 + index)).payload_type,
                           .first_sequence = static_cast<std::uint16_t>(options.ssrc),
                           .first_timestamp = 0};
    packetizers_[index++] = make_track_packetizer(*t, who, options_of_viewers);
  }
}

chunk_ptr rtp_muxer::write(const frame& f) {
  const auto fit = tracks_.take(f.of);
  if (fit == carried_tracks::fit::none) return nullptr;
  const bool video = f.of->kind == media_kind::video;
  const std::size_t track = video || !tracks_.video() ? 0 : 1;
  const auto& packetizer = packetizers_[track];
  if (!packetizer) return nullptr;
  rtp_batch batch{rtp_batch::framing::none};
  auto c = std::make_shared<chunk>();
  const bool begins = tracks_.may_begin_with(f);
  if (!first_dts_) first_dts_ = f.dts;
  const bool due = !reported_dts_ || f.dts - *reported_dts_ >= longest_without_report;
  if ((begins && f.key) || due) report(f.dts, batch, c->packets);
  packetizer->write(f, batch);
  if (batch.empty()) return nullptr;
  place(batch, track, false, c->packets);
  c->key = begins;
  c->dts = f.dts;
  c->bytes = batch.take();
  return c;
}

// RFC 3550 6.4.1: for each track, what its clock shows at this moment of the stream.
void rtp_muxer::report(std::int64_t dts, rtp_batch& to, std::vector<chunk::packet>& places) {
  reported_dts_ = dts;
  const auto since = std::chrono::microseconds{(dts - *first_dts_) * 100 / 9};
  const auto moment = ntp_time(options_.begun + std::chrono::duration_cast<wall_clock::duration>(since));
  for (std::size_t i = 0; i < packetizers_.size(); ++i) {
    if (!packetizers_[i]) continue;
    const auto& w = packetizers_[i]->writer();
    const sender_report said{
        .ssrc = w.ssrc(),
        .ntp = moment,
        .rtp_timestamp = static_cast<std::uint32_t>(dts * packetizers_[i]->clock_rate() / frame_clock),
        .packets = w.packets(),
        .octets = w.octets()};
    constexpr std::string_view cname = "berth";
    const auto size = sender_report_size(cname.size());
    build_sender_report({to.add(size), size}, said, cname);
    place(to, i, true, places);
  }
}

}  // namespace berth::net
