#include "net/egress/audio_packetizer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "net/codec/aac_syntax.hpp"

namespace berth::net {

void aac_packetizer::write(const frame& f, rtp_batch& to) {
  constexpr std::size_t largest_unit = 0x1fff;
  if (f.of->format != codec::aac || f.data.empty() || f.data.size() > largest_unit) return;
  std::array<std::uint8_t, 4> head{0, 16};
  store_be16(head.data() + 2, static_cast<std::uint16_t>(f.data.size() << 3));
  const auto time = clock_.take(f.pts, aac::samples_per_frame);
  bytes_view rest = f.data;
  while (!rest.empty()) {
    const auto piece = rest.first(std::min(largest_ - head.size(), rest.size()));
    rest = rest.subspan(piece.size());
    writer_.put(to, time, rest.empty(), head, piece);
  }
}

octet_packetizer::octet_packetizer(codec format, int channels, const rtp_identity& who, int packet_ms)
    : rtp_packetizer(who),
      format_(format),
      clock_(static_cast<int>(facts_of(format).rtp_clock)),
      channels_(channels > 1 ? static_cast<std::size_t>(channels) : 1),
      packet_(static_cast<std::size_t>(std::clamp(packet_ms / 20 * 20, 20, 180)) *
              static_cast<std::size_t>(facts_of(format).octet_rate) / 1000 * channels_) {}

std::size_t octet_packetizer::stamps_of(std::size_t octets) const noexcept {
  const auto facts = facts_of(format_);
  return octets / channels_ * facts.rtp_clock / static_cast<std::size_t>(facts.octet_rate);
}

void octet_packetizer::write(const frame& f, rtp_batch& to) {
  if (f.of->format != format_ || f.data.empty()) return;
  if (!clock_.continues(f.pts)) {
    // What was before a hole can not be put together with what is behind it.
    gathered_.clear();
    marker_ = true;
  }
  const auto time = clock_.take(f.pts, static_cast<std::int64_t>(stamps_of(f.data.size())));
  if (gathered_.empty()) gathered_time_ = time;
  const auto at = gathered_.size();
  gathered_.resize(at + f.data.size());
  std::copy(f.data.begin(), f.data.end(), gathered_.begin() + static_cast<std::ptrdiff_t>(at));
  std::size_t sent = 0;
  for (; gathered_.size() - sent >= packet_; sent += packet_) {
    writer_.put(to, gathered_time_, std::exchange(marker_, false), bytes_view{gathered_}.subspan(sent, packet_));
    gathered_time_ += static_cast<std::int64_t>(stamps_of(packet_));
  }
  gathered_.erase(gathered_.begin(), gathered_.begin() + static_cast<std::ptrdiff_t>(sent));
}

void opus_packetizer::write(const frame& f, rtp_batch& to) {
  if (f.of->format != codec::opus || f.data.empty()) return;
  writer_.put(to, f.pts * clock_rate() / frame_clock, std::exchange(marker_, false), f.data);
}

}  // namespace berth::net
