#include "tests/support/reserved_ports.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <random>
#include <stdexcept>

#include "net/io/socket_factory.hpp"

namespace berth::tests {
namespace {

constexpr unsigned lowest = 10000, highest = 32000, slice_size = 100;
constexpr std::size_t slice_count = (highest - lowest) / slice_size;

// A name in the abstract socket name space is a lock that the kernel lets go with its owner.
net::unique_fd lock(std::size_t slice) {
  net::unique_fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const auto name = "berth-tests-ports-" + std::to_string(slice);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (fd && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) fd.reset();
  return fd;
}

bool usable(unsigned first, unsigned last) {
  net::posix_socket_factory sockets;
  for (unsigned p = first; p <= last; ++p) {
    const auto all = *net::endpoint::parse("::", static_cast<std::uint16_t>(p));
    if (!sockets.bind_udp(all, {}) || !sockets.listen_tcp(all)) return false;
  }
  return true;
}

}  // namespace

reserved_ports::reserved_ports(std::size_t pairs) {
  const auto slices = (2 * pairs + slice_size - 1) / slice_size;
  if (slices == 0 || slices > slice_count) throw std::invalid_argument("no range has that many pairs");
  std::random_device seed;
  const std::size_t start = seed() % slice_count;
  for (std::size_t i = 0; i < slice_count; ++i) {
    const auto slice = (start + i) % slice_count;
    if (slice + slices > slice_count || !try_from(slice, slices)) continue;
    const auto first = lowest + static_cast<unsigned>(slice) * slice_size;
    const auto last = first + static_cast<unsigned>(2 * pairs) - 1;
    if (usable(first, last)) {
      first_ = static_cast<std::uint16_t>(first);
      last_ = static_cast<std::uint16_t>(last);
      return;
    }
    locks_.clear();
  }
  throw std::runtime_error("no free range of " + std::to_string(pairs) + " pairs");
}

bool reserved_ports::try_from(std::size_t slice, std::size_t slices) {
  for (std::size_t i = 0; i < slices; ++i) {
    auto held = lock(slice + i);
    if (!held) {
      locks_.clear();
      return false;
    }
    locks_.push_back(std::move(held));
  }
  return true;
}

}  // namespace berth::tests
