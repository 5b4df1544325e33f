#include "net/rtp/rtp_receiver.hpp"

#include <algorithm>
#include <utility>

namespace berth::net {
namespace {

constexpr duration loss_interval = std::chrono::seconds{5};

}  // namespace

rtp_receiver::rtp_receiver(stream_counters& counters, options o)
    : counters_(counters),
      admission_({.policy = o.policy, .ssrc_filter = o.ssrc_filter, .relearn_after = o.relearn_after}),
      cname_(std::move(o.cname)) {}

std::optional<accepted_packet> rtp_receiver::on_datagram(bytes_view bytes, const endpoint& from,
                                                         time_point arrival) noexcept {
  counters_.datagrams.add();
  const auto parsed = parse_rtp(bytes);
  if (!parsed) return refuse(parsed.error());
  const rtp_packet& packet = *parsed;
  if (const auto cause = admission_.check(packet, from, arrival)) {
    last_refused_ = {from, packet.ssrc, *cause};
    return refuse(*cause);
  }

  const bool first = !received_;
  bool restarted = !first && packet.ssrc != measured_ssrc_;
  if (restarted) {
    counters_.ssrc_changes.add();
    statistics_ = {};
  }
  measured_ssrc_ = packet.ssrc;
  const auto verdict = statistics_.update(packet, arrival);
  switch (verdict) {
    case sequence_verdict::in_order:
      break;
    case sequence_verdict::reordered:
      counters_.reordered.add();
      break;
    case sequence_verdict::restarted:
      restarted = true;
      break;
    case sequence_verdict::duplicate:
      return refuse(refusal::duplicate);
    case sequence_verdict::late:
      return refuse(refusal::late);
    case sequence_verdict::out_of_order:
      return refuse(refusal::out_of_order);
  }

  // Only now: a packet that was refused as a duplicate must not move the lock to its sender.
  if (admission_.source().is_set() && admission_.source() != from) counters_.source_changes.add();
  admission_.learn(packet, from, arrival);
  received_ = true;
  last_accepted_ = arrival;
  payload_type_ = packet.payload_type;

  // What the sequences before this one have lost stays lost.
  if (restarted) lost_before_ = counters_.lost.value();
  counters_.lost.set(lost_before_ + statistics_.sequence().lost());
  measure_loss(first || restarted, arrival);
  counters_.jitter_us.set(statistics_.jitter_us());
  counters_.accepted.add();
  counters_.accepted_bytes.add(bytes.size());
  return accepted_packet{packet, statistics_.sequence().last(), first, restarted};
}

void rtp_receiver::measure_loss(bool anew, time_point now) noexcept {
  const auto& sequence = statistics_.sequence();
  if (anew) {
    loss_measured_ = now;
    expected_then_ = lost_then_ = 0;
  }
  if (now - loss_measured_ < loss_interval) return;
  const auto expected = sequence.expected() - expected_then_;
  // Late ones of the interval before fill gaps of that one.
  const auto lost = sequence.lost() - std::min(sequence.lost(), lost_then_);
  counters_.loss_ppm.set(expected == 0 ? 0 : lost * 1'000'000 / expected);
  loss_measured_ = now;
  expected_then_ = sequence.expected();
  lost_then_ = sequence.lost();
}

void rtp_receiver::on_truncated() noexcept {
  counters_.datagrams.add();
  counters_.refuse(refusal::truncated);
}

bool rtp_receiver::on_rtcp(bytes_view bytes, time_point now) noexcept {
  const auto compound = parse_rtcp(bytes);
  if (!compound) {
    counters_.rtcp_malformed.add();
    return false;
  }
  counters_.sender_reports.add(compound->sender_reports);
  if (compound->report) statistics_.on_sender_report(*compound->report, now);
  return true;
}

std::size_t rtp_receiver::make_receiver_report(std::span<std::uint8_t> out, time_point now) noexcept {
  // An SSRC that is no longer locked is not reported on. Too small a buffer must not end the interval.
  if (!ssrc() || out.size() < receiver_report_size(cname_.size())) return 0;
  counters_.receiver_reports.add();
  return build_receiver_report(out, measured_ssrc_ + 1, statistics_.make_report(now), cname_);
}

std::nullopt_t rtp_receiver::refuse(refusal cause) noexcept {
  counters_.refuse(cause);
  return std::nullopt;
}

}  // namespace berth::net
