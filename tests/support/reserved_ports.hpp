// Port ranges that no other test uses, although many test programs run at the same time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/base/unique_fd.hpp"
#include "net/io/port_pool.hpp"

namespace berth::tests {

/// A range of RTP/RTCP pairs between 10000 and 32000, below the ports that the kernel gives away by itself. All of its
/// UDP and TCP ports could be bound a moment ago; a lock that ends with the process keeps other users of this class
/// away. Owned by a test or by what it runs; the range is free for others when it dies.
class reserved_ports {
 public:
  explicit reserved_ports(std::size_t pairs);

  std::uint16_t first() const noexcept { return first_; }  ///< even
  std::uint16_t last() const noexcept { return last_; }    ///< odd
  net::port_range range() const noexcept { return {first_, last_}; }
  std::string text() const { return std::to_string(first_) + "-" + std::to_string(last_); }

 private:
  bool try_from(std::size_t slice, std::size_t slices);

  std::uint16_t first_ = 0, last_ = 0;
  std::vector<net::unique_fd> locks_;
};

}  // namespace berth::tests
