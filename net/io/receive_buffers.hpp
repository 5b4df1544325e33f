// The memory that one receiving thread reads into, whatever socket is ready.
#pragma once

#include <array>
#include <cstdint>

#include "net/io/udp_reader.hpp"

namespace berth::net {

/// Shared by all sockets of one reactor, so that it stays in the processor's cache. Touched by that thread only.
struct receive_buffers {
  /// `joined`: the UDP sockets have UDP_GRO on.
  explicit receive_buffers(bool joined = false) : udp(joined) {}

  udp_reader udp;
  std::array<std::uint8_t, 128 * 1024> tcp;
};

}  // namespace berth::net
