// Port ranges that nobody uses right now, outside the ports that the kernel gives to others.
#pragma once

#include <random>
#include <stdexcept>

#include "net/port_pool.hpp"
#include "net/socket_factory.hpp"

namespace berth::tests {

/// A range of `pairs` RTP/RTCP pairs between 10000 and 32000 whose UDP and TCP ports could all be bound on all
/// addresses a moment ago.
inline net::port_range free_port_range(std::size_t pairs) {
  net::posix_socket_factory sockets;
  std::random_device seed;
  std::mt19937 random{seed()};
  const auto width = static_cast<std::uint16_t>(2 * pairs);
  const auto usable = [&](std::uint16_t first) {
    for (std::uint16_t p = first; p < first + width; ++p) {
      const auto all = *net::endpoint::parse("::", p);
      if (!sockets.bind_udp(all, {}) || !sockets.listen_tcp(all)) return false;
    }
    return true;
  };
  for (int attempt = 0; attempt < 200; ++attempt) {
    const auto first = static_cast<std::uint16_t>(10000 + random() % (22000U - width) / 2 * 2);
    if (usable(first)) return {first, static_cast<std::uint16_t>(first + width - 1)};
  }
  throw std::runtime_error("no free port range of " + std::to_string(pairs) + " pairs");
}

}  // namespace berth::tests
