// Where a packet came from or a socket is bound: an IP address and a port.
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth::net {

/// IPv4 or IPv6 address with a port. An IPv4-mapped IPv6 address is stored as IPv4, so that a source compares equal
/// whichever family its packet was read with. The flow label and scope are not part of it.
/// A value type: trivially copyable, no ownership.
class endpoint {
 public:
  endpoint() = default;

  /// Parses a numeric address ("192.0.2.1", "::", "2001:db8::1"); a name gives nothing.
  static std::optional<endpoint> parse(std::string_view address, std::uint16_t port);
  static endpoint from_sockaddr(const sockaddr_storage& address) noexcept;

  /// Fills `out` for a socket of `family` (an IPv4 address becomes mapped on an IPv6 socket); returns its length.
  socklen_t to_sockaddr(sockaddr_storage& out, int family) const noexcept;

  bool is_v4() const noexcept;
  bool is_any() const noexcept;
  bool is_set() const noexcept { return set_; }
  std::uint16_t port() const noexcept { return port_; }
  endpoint with_port(std::uint16_t port) const noexcept;
  bool same_address(const endpoint& other) const noexcept { return address_ == other.address_; }
  const std::array<std::uint8_t, 16>& raw_address() const noexcept { return address_; }

  std::string address_string() const;
  /// "192.0.2.1:5060", "[2001:db8::1]:5060"
  std::string to_string() const;

  auto operator<=>(const endpoint&) const = default;

 private:
  std::array<std::uint8_t, 16> address_{};  // IPv4 as ::ffff:a.b.c.d
  std::uint16_t port_ = 0;
  bool set_ = false;
};

}  // namespace berth::net
