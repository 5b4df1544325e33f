#include "bench/tcp_connection.hpp"

#include <sys/socket.h>

#include <stdexcept>

namespace berth::bench {

net::unique_fd tcp_connection(const net::endpoint& to) {
  sockaddr_storage address;
  const int family = to.is_v4() ? AF_INET : AF_INET6;
  const auto size = to.to_sockaddr(address, family);
  net::unique_fd fd{::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0)
    throw std::runtime_error("no TCP connection to " + to.to_string());
  return fd;
}

}  // namespace berth::bench
