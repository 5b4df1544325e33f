// The bare limit of this machine for viewers: a sender that does nothing but send.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "bench/forked.hpp"
#include "net/base/endpoint.hpp"

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

  pid_t pid() const noexcept { return child_->pid(); }
  const net::endpoint& address() const noexcept { return address_; }
  std::uint64_t sent() const noexcept { return child_->shared().sent; }  ///< frames, each viewer's counted
  std::uint64_t lost() const noexcept { return child_->shared().lost; }  ///< that a connection did not take whole

 private:
  struct figures {
    std::atomic<std::uint64_t> sent{0}, lost{0};
  };
  [[noreturn]] static void run(int listener, const floor_sender_options& o, figures& f);

  std::optional<forked<figures>> child_;
  net::endpoint address_;
};

}  // namespace berth::bench
