// Who may call at all: the address list of http.allow_ip_range.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/base/endpoint.hpp"
#include "net/base/result.hpp"

namespace berth::api {

/// Set of IP address ranges; an empty set allows everybody.
/// A value type: made while the configuration is read, then only read, from any thread.
class ip_ranges {
 public:
  ip_ranges() = default;

  /// Parses a comma-separated list of addresses ("::1"), ranges ("10.0.0.0-10.255.255.255") and CIDR blocks
  /// ("192.168.0.0/16", "fd00::/8"; "::/0" is every IPv6 address and no IPv4 one). The error names the part that is
  /// wrong.
  static net::result<ip_ranges, std::string> parse(std::string_view text);

  /// The port does not matter, and an IPv4-mapped IPv6 address is the IPv4 address.
  bool contains(const net::endpoint& address) const noexcept;
  bool empty() const noexcept { return ranges_.empty(); }

 private:
  using raw = std::array<std::uint8_t, 16>;
  struct range {
    raw first;
    raw last;
    bool v4;
  };
  static net::result<range, std::string> parse_part(std::string_view part);

  std::vector<range> ranges_;
};

}  // namespace berth::api
