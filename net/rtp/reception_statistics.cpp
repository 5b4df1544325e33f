#include "net/rtp/reception_statistics.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace berth::net {
namespace {

constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;

std::int64_t nanoseconds(duration d) noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(d).count();
}

}  // namespace

sequence_verdict reception_statistics::update(const rtp_packet& packet, time_point arrival) noexcept {
  const auto verdict = sequence_.update(packet.sequence);
  if (!is_accepted(verdict)) return verdict;
  ssrc_ = packet.ssrc;
  if (verdict == sequence_verdict::restarted) {
    // A.1: init_seq() forgets the interval as well. The pause before a restart is no jitter.
    expected_prior_ = received_prior_ = 0;
    timed_ = false;
  }
  update_jitter(packet.timestamp, clock_rate(packet.payload_type), arrival);
  return verdict;
}

// RFC 3550 6.4.1 and A.8: D(i-1, i) = (R_i - R_i-1) - (S_i - S_i-1), J += (|D| - J) / 16.
void reception_statistics::update_jitter(std::uint32_t timestamp, std::uint32_t rate, time_point arrival) noexcept {
  if (rate != rate_) {
    rate_ = rate;
    jitter_ = 0;
    timed_ = false;
  }
  if (timed_) {
    // An hour keeps the product below 64 bits; whoever paused for longer has no jitter to speak of.
    constexpr std::int64_t hour = 3600 * nanoseconds_per_second;
    const auto elapsed = std::clamp(nanoseconds(arrival - last_arrival_), -hour, hour);
    const auto received = elapsed * static_cast<std::int64_t>(rate) / nanoseconds_per_second;
    const std::int64_t sent = static_cast<std::int32_t>(timestamp - last_timestamp_);
    jitter_ += static_cast<std::uint64_t>(std::abs(received - sent)) - ((jitter_ + 8) >> 4);
  }
  timed_ = true;
  last_timestamp_ = timestamp;
  last_arrival_ = arrival;
}

std::uint64_t reception_statistics::jitter_us() const noexcept {
  return jitter_ * 62'500 / rate_;  // 1,000,000 / 16
}

void reception_statistics::on_sender_report(const sender_report& report, time_point arrival) noexcept {
  if (sequence_.received() == 0 || report.ssrc != ssrc_) return;
  last_sr_ = static_cast<std::uint32_t>(report.ntp >> 16);
  last_sr_arrival_ = arrival;
  has_sr_ = true;
}

report_block reception_statistics::make_report(time_point now) noexcept {
  report_block block;
  block.ssrc = ssrc_;

  // A.3. Packets that fill old gaps can make the interval's loss negative, which the field does not know.
  const auto expected = sequence_.expected();
  const auto received = sequence_.received();
  const auto expected_interval = static_cast<std::int64_t>(expected - expected_prior_);
  const auto lost_interval = expected_interval - static_cast<std::int64_t>(received - received_prior_);
  expected_prior_ = expected;
  received_prior_ = received;
  if (expected_interval > 0 && lost_interval > 0)
    block.fraction_lost =
        static_cast<std::uint8_t>(std::min<std::int64_t>(lost_interval * 256 / expected_interval, 255));

  constexpr std::uint64_t most_in_24_bits = 0x7fffff;
  block.cumulative_lost = static_cast<std::int32_t>(std::min(sequence_.lost(), most_in_24_bits));
  block.highest_sequence = static_cast<std::uint32_t>(sequence_.extended_highest());
  block.jitter = jitter();

  if (has_sr_) {
    constexpr std::int64_t longest = 65535 * nanoseconds_per_second;  // what 32 bits of 1/65536 s can say
    const auto delay = std::clamp<std::int64_t>(nanoseconds(now - last_sr_arrival_), 0, longest);
    block.last_sr = last_sr_;
    block.delay_since_last_sr = static_cast<std::uint32_t>(delay * 65536 / nanoseconds_per_second);
  }
  return block;
}

}  // namespace berth::net
