#include "actors/stream_status.hpp"

#include <algorithm>

namespace berth::actors {

std::string_view to_string(stream_state state) noexcept {
  constexpr std::array<std::string_view, stream_state_count> names{"listening", "active", "stalled", "closing"};
  return names[static_cast<std::size_t>(state)];
}

std::string_view to_string(close_reason reason) noexcept {
  constexpr std::array<std::string_view, close_reason_count> names{
      "none",        "requested",   "replaced", "never_fed", "nothing_acceptable",
      "went_silent", "port_closed", "shutdown", "failed"};
  return names[static_cast<std::size_t>(reason)];
}

std::uint64_t counters_view::refused_total() const noexcept {
  std::uint64_t sum = 0;
  for (const auto n : refused) sum += n;
  return sum;
}

counters_view& counters_view::operator+=(const counters_view& o) noexcept {
  datagrams += o.datagrams;
  accepted += o.accepted;
  accepted_bytes += o.accepted_bytes;
  for (std::size_t i = 0; i < refused.size(); ++i) refused[i] += o.refused[i];
  lost += o.lost;
  reordered += o.reordered;
  kernel_drops += o.kernel_drops;
  jitter_us = std::max(jitter_us, o.jitter_us);
  ssrc_changes += o.ssrc_changes;
  source_changes += o.source_changes;
  sender_reports += o.sender_reports;
  receiver_reports += o.receiver_reports;
  rtcp_malformed += o.rtcp_malformed;
  tcp_connections += o.tcp_connections;
  tcp_refused += o.tcp_refused;
  tcp_resyncs += o.tcp_resyncs;
  tcp_skipped_bytes += o.tcp_skipped_bytes;
  return *this;
}

counters_view view(const net::stream_counters& c) noexcept {
  counters_view v;
  v.datagrams = c.datagrams.value();
  v.accepted = c.accepted.value();
  v.accepted_bytes = c.accepted_bytes.value();
  for (std::size_t i = 0; i < v.refused.size(); ++i) v.refused[i] = c.refused[i].value();
  v.lost = c.lost.value();
  v.reordered = c.reordered.value();
  v.kernel_drops = c.kernel_drops.value();
  v.jitter_us = c.jitter_us.value();
  v.ssrc_changes = c.ssrc_changes.value();
  v.source_changes = c.source_changes.value();
  v.sender_reports = c.sender_reports.value();
  v.receiver_reports = c.receiver_reports.value();
  v.rtcp_malformed = c.rtcp_malformed.value();
  v.tcp_connections = c.tcp_connections.value();
  v.tcp_refused = c.tcp_refused.value();
  v.tcp_resyncs = c.tcp_resyncs.value();
  v.tcp_skipped_bytes = c.tcp_skipped_bytes.value();
  return v;
}

std::string describe_refusals(const counters_view& counters) {
  const auto total = counters.refused_total();
  if (total == 0) return {};
  const auto most = std::max_element(counters.refused.begin(), counters.refused.end());
  const auto cause = static_cast<net::refusal>(most - counters.refused.begin());
  return std::to_string(total) + " of " + std::to_string(counters.datagrams) + " datagrams refused, most of them: " +
         std::string{net::to_string(cause)} + " (" + std::to_string(*most) + ")";
}

}  // namespace berth::actors
