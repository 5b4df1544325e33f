// Reads UDP datagrams in batches: one system call for up to 32 of them.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "net/base/bytes.hpp"
#include "net/base/endpoint.hpp"
#include "net/base/time.hpp"

namespace berth::net {

struct datagram {
  bytes_view bytes;
  endpoint from;
  time_point arrival;      ///< when the kernel got it, on the monotonic time line
  bool truncated = false;  ///< it was longer than the buffer
};

/// Receive buffers shared by all sockets of one reactor, so that they stay in the processor's cache.
/// Owned by the reactor and touched by its thread only. What a call delivers is valid until the next call.
class udp_reader {
 public:
  /// Jumbo frames fit; a longer datagram is delivered cut and marked.
  static constexpr std::size_t buffer_size = 9216;
  static constexpr std::size_t batch_size = 32;
  /// For sockets with UDP_GRO: one message may carry many datagrams of one flow, up to 64 KB together.
  static constexpr std::size_t joined_size = 65535;
  static constexpr std::size_t joined_batch = 8;

  /// `joined`: the sockets have UDP_GRO on.
  explicit udp_reader(bool joined = false);

  /// Reads one batch from `fd`. Returns how many datagrams there are.
  std::size_t read(int fd, time_point now);
  const datagram& operator[](std::size_t i) const noexcept { return datagrams_[i]; }
  /// Whether the socket may hold more: the last batch was full.
  bool more() const noexcept { return more_; }
  /// What the kernel says it has dropped on this socket since it was made; 0 if the last batch carried no figure.
  std::uint32_t kernel_drops() const noexcept { return kernel_drops_; }

 private:
  struct storage;
  struct storage_deleter {
    void operator()(storage*) const noexcept;
  };

  void split(bytes_view bytes, std::size_t segment, const datagram& common);

  std::unique_ptr<storage, storage_deleter> storage_;
  std::vector<datagram> datagrams_;  // reserved for the most there can be: reading allocates nothing
  std::uint32_t kernel_drops_ = 0;
  bool more_ = false;
};

}  // namespace berth::net
