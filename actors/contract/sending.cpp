#include "actors/contract/sending.hpp"

#include <cerrno>

namespace berth::actors {

std::string_view to_string(send_way way) noexcept {
  constexpr std::array<std::string_view, send_way_count> names{"udp", "tcp", "udp_passive", "tcp_passive", "talk"};
  return names[static_cast<std::size_t>(way)];
}

std::optional<send_way> parse_send_way(std::string_view text) noexcept {
  for (std::size_t i = 0; i < send_way_count; ++i)
    if (text == to_string(static_cast<send_way>(i))) return static_cast<send_way>(i);
  return std::nullopt;
}

std::string_view to_string(send_end end) noexcept {
  constexpr std::array<std::string_view, send_end_count> names{"none",    "stopped", "source_ended", "timed_out",
                                                               "refused", "reset",   "failed"};
  return names[static_cast<std::size_t>(end)];
}

send_end send_end_of(int system_errno) noexcept {
  switch (system_errno) {
    case ECONNREFUSED:
      return send_end::refused;
    case ETIMEDOUT:
      return send_end::timed_out;
    case 0:
    case EPIPE:
    case ECONNRESET:
      return send_end::reset;
    default:
      return send_end::failed;
  }
}

}  // namespace berth::actors
