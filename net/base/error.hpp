// Why a socket or port operation of net/ failed: one code for programs, one sentence with the numbers for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/base/result.hpp"

namespace berth::net {

enum class errc : std::uint8_t {
  ok = 0,
  pool_exhausted,      ///< every pair of the range is leased; nothing rests that could be taken early
  address_in_use,      ///< another program holds the port
  access_denied,       ///< the process may not bind this port
  address_not_local,   ///< the bind address does not belong to this machine
  no_descriptors,      ///< the process or the system has no descriptor left
  bad_address,         ///< not a numeric IPv4 or IPv6 address
  connection_refused,  ///< nobody listens at the remote address
  unreachable,         ///< no route, or the remote host does not answer
  timed_out,           ///< the deadline passed
  system,              ///< anything else the operating system says
};
inline constexpr std::size_t errc_count = static_cast<std::size_t>(errc::system) + 1;

/// The code as a metric label and JSON name, e.g. "address_in_use".
std::string_view to_string(errc code) noexcept;

struct error {
  errc code = errc::ok;
  std::string text;
};

/// Maps an errno value of `what` ("bind udp [::]:30000") to an error whose text ends with the system's own words.
error system_error(int saved_errno, std::string_view what);

}  // namespace berth::net
