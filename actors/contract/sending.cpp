#include "actors/contract/sending.hpp"

#include <cerrno>

namespace berth::actors {

std::string_view to_string(send_way way) noexcept {
  switch (way) {
    case send_way::udp:
      return "udp";
    case send_way::tcp:
      return "tcp";
    case send_way::udp_passive:
      return "udp_passive";
    case send_way::tcp_passive:
      return "tcp_passive";
    case send_way::talk:
      return "talk";
  }
  return {};
}

std::optional<send_way> parse_send_way(std::string_view text) noexcept {
  for (std::size_t i = 0; i < send_way_count; ++i)
    if (text == to_string(static_cast<send_way>(i))) return static_cast<send_way>(i);
  return std::nullopt;
}

std::string_view to_string(send_end end) noexcept {
  switch (end) {
    case send_end::none:
      return "none";
    case send_end::stopped:
      return "stopped";
    case send_end::source_ended:
      return "source_ended";
    case send_end::timed_out:
      return "timed_out";
    case send_end::refused:
      return "refused";
    case send_end::reset:
      return "reset";
    case send_end::failed:
      return "failed";
  }
  return {};
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
