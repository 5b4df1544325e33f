// An allocator of four pairs on real sockets, and who sends to them.
#pragma once

#include <dirent.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "net/io/port_allocator.hpp"
#include "tests/support/fake_sockets.hpp"
#include "tests/support/packets.hpp"
#include "tests/support/reserved_ports.hpp"

namespace berth::net::test {

using namespace berth::tests;
using namespace std::chrono_literals;

inline const time_point opened_at{1h};

struct rig {
  posix_socket_factory real;
  failing_sockets sockets{real};
  const reserved_ports reserved{4};
  port_range range = reserved.range();
  allocator_options options{range, 5s, 4, {}};
  port_allocator allocator{sockets, options};

  port_request any(bool tcp = false) const { return {*endpoint::parse("127.0.0.1", 0), true, tcp}; }
  port_request exactly(std::uint16_t port) const { return {*endpoint::parse("127.0.0.1", port), true, false}; }
};

inline int open_descriptors() {
  int n = 0;
  auto* dir = ::opendir("/proc/self/fd");
  while (::readdir(dir) != nullptr) ++n;
  ::closedir(dir);
  return n;
}

struct camera {
  unique_fd socket = std::move(*posix_socket_factory{}.bind_udp(*endpoint::parse("127.0.0.1", 0), {}));
  endpoint local() const { return local_endpoint(socket.get()); }
  void send(std::uint16_t port, const std::vector<std::uint8_t>& bytes = {'x'}) const {
    send_datagram(socket.get(), bytes, *endpoint::parse("127.0.0.1", port));
  }
};

inline port_past past_of(const std::string& stream, const media_sender& fed_by = {}) { return {stream, fed_by, {}}; }

/// Who must not feed a stream that is not the former one.
inline media_senders refused_by(const allocation& a) { return a.past.strangers_to("another"); }

}  // namespace berth::net::test
