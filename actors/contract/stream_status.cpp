#include "actors/contract/stream_status.hpp"

#include <algorithm>

namespace berth::actors {

std::string_view to_string(stream_state state) noexcept {
  switch (state) {
    case stream_state::listening:
      return "listening";
    case stream_state::active:
      return "active";
    case stream_state::stalled:
      return "stalled";
    case stream_state::closing:
      return "closing";
  }
  return {};
}

std::string_view to_string(close_reason reason) noexcept {
  switch (reason) {
    case close_reason::none:
      return "none";
    case close_reason::requested:
      return "requested";
    case close_reason::replaced:
      return "replaced";
    case close_reason::never_fed:
      return "never_fed";
    case close_reason::nothing_acceptable:
      return "nothing_acceptable";
    case close_reason::went_silent:
      return "went_silent";
    case close_reason::port_closed:
      return "port_closed";
    case close_reason::shutdown:
      return "shutdown";
    case close_reason::failed:
      return "failed";
    case close_reason::publish_refused:
      return "publish_refused";
    case close_reason::unwatched:
      return "unwatched";
    case close_reason::source_ended:
      return "source_ended";
  }
  return {};
}

std::string describe_refusals(const net::counter_values& counters) {
  const auto total = counters.refused_total();
  if (total == 0) return {};
  const auto most = std::max_element(counters.refused.begin(), counters.refused.end());
  const auto cause = static_cast<net::refusal>(most - counters.refused.begin());
  return std::to_string(total) + " of " + std::to_string(counters.datagrams) +
         " datagrams refused, most of them: " + std::string{net::to_string(cause)} + " (" + std::to_string(*most) + ")";
}

std::string describe_refusals(const stream_status& s) {
  auto text = describe_refusals(s.counters);
  const auto& last = s.refused;
  if (text.empty() || !last.from.is_set()) return text;
  text += "; the last one from " + last.from.to_string() + " with SSRC " + std::to_string(last.ssrc) + ": " +
          std::string{net::to_string(last.cause)};
  switch (last.cause) {
    case net::refusal::wrong_ssrc:
      return text + ", the stream's SSRC is " + std::to_string(s.ssrc_filter != 0 ? s.ssrc_filter : s.ssrc);
    case net::refusal::wrong_source:
      return text + ", the stream's source is " + s.peer.to_string() + " (source_policy " +
             std::string{net::to_string(s.sources)} + ")";
    case net::refusal::resting:
      return text + ", it sent to this port before the stream was opened and has to be silent first";
    default:
      return text;
  }
}

}  // namespace berth::actors
