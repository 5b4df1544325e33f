// The bare limit of this machine for viewers: a sender that does nothing but send.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "net/endpoint.hpp"

namespace berth::bench {

struct floor_sender_options {
  std::size_t streams = 1;
  std::size_t viewers = 1;  ///< of each stream
  unsigned frames_per_second = 25;
  unsigned key_frame_every = 50;
  std::size_t frame_bytes = 0, key_frame_bytes = 0;
  int processor = -1;
};

/// A child process with one thread that sends each frame, a fixed run of bytes, with one send() to each connection of its
/// stream. It begins when all connections are there. A connection that takes nothing at the moment loses the frame. The
/// child ends with this object, or with its parent.
class floor_sender {
 public:
  explicit floor_sender(const floor_sender_options& options);
  ~floor_sender();
  floor_sender(const floor_sender&) = delete;
  floor_sender& operator=(const floor_sender&) = delete;

  pid_t pid() const noexcept { return pid_; }
  const net::endpoint& address() const noexcept { return address_; }
  std::uint64_t sent() const noexcept;  ///< frames, each viewer's counted
  std::uint64_t lost() const noexcept;  ///< frames that a connection did not take whole

 private:
  struct shared;

  pid_t pid_ = -1;
  shared* shared_ = nullptr;
  net::endpoint address_;
};

}  // namespace berth::bench
