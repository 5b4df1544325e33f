// The bare limit of this machine: a receiver that does nothing but receive.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "bench/forked.hpp"
#include "net/base/endpoint.hpp"

namespace berth::bench {

struct floor_options {
  std::size_t sockets = 1;
  int receive_buffer = 1 << 20;
  std::chrono::microseconds pace{0};  ///< rest between two looks while packets flow; 0 = none
  bool stamps = false;                ///< SO_TIMESTAMPNS and SO_RXQ_OVFL, as the service asks for
  int processor = -1;
};

/// A child process with one thread in one epoll loop: recvmmsg of up to 32, RTP header, sequence and jitter of RFC 3550
/// A.1 and A.8, bytes. It is written apart from the service's own code, so that it can not share its faults. The child ends
/// with this object, or with its parent.
class floor_receiver {
 public:
  explicit floor_receiver(const floor_options& options);

  pid_t pid() const noexcept { return child_->pid(); }
  const std::vector<net::endpoint>& targets() const noexcept { return targets_; }
  std::uint64_t packets() const noexcept { return child_->shared().packets.load(std::memory_order_relaxed); }

 private:
  struct figures {
    std::atomic<std::uint64_t> packets{0};
    std::atomic<bool> ready{false};
  };

  std::optional<forked<figures>> child_;
  std::vector<net::endpoint> targets_;
};

}  // namespace berth::bench
