#include "actors/contract/stream_status.hpp"

#include <algorithm>

namespace berth::actors {

std::string_view to_string(stream_state state) noexcept {
  constexpr std::array<std::string_view, stream_state_count> names{"listening", "active", "stalled", "closing"};
  return names[static_cast<std::size_t>(state)];
}

std::string_view to_string(close_reason reason) noexcept {
  constexpr std::array<std::string_view, close_reason_count> names{
      "none",        "requested", "replaced", "never_fed",       "nothing_acceptable", "went_silent",
      "port_closed", "shutdown",  "failed",   "publish_refused", "unwatched",          "source_ended"};
  return names[static_cast<std::size_t>(reason)];
}

std::string describe_refusals(const net::counter_values& counters) {
  const auto total = counters.refused_total();
  if (total == 0) return {};
  const auto most = std::max_element(counters.refused.begin(), counters.refused.end());
  const auto cause = static_cast<net::refusal>(most - counters.refused.begin());
  return std::to_string(total) + " of " + std::to_string(counters.datagrams) +
         " datagrams refused, most of them: " + std::string{net::to_string(cause)} + " (" + std::to_string(*most) + ")";
}

}  // namespace berth::actors
