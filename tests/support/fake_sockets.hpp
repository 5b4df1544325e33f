// Sockets that fail on command: the seam at which tests break the network.
#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <functional>
#include <map>
#include <vector>

#include "net/io/socket_factory.hpp"

namespace berth::tests {

/// Which operation of a socket factory is meant.
enum class socket_call { bind_udp, listen_tcp, connect_tcp };

/// Decides before each call whether it fails, and with what; passes the rest on to a real factory.
class failing_sockets final : public net::socket_factory {
 public:
  explicit failing_sockets(net::socket_factory& real) : real_(real) {}

  /// Return an errno value to make the call fail, 0 to let it through. `n` counts the calls of that kind from 1.
  std::function<int(socket_call call, int n, const net::endpoint& where)> fault;

  net::result<net::unique_fd, net::error> bind_udp(const net::endpoint& local, const net::udp_options& o) override {
    if (const int e = decide(socket_call::bind_udp, local)) return net::failure{net::system_error(e, "bind udp")};
    return real_.bind_udp(local, o);
  }
  net::result<net::unique_fd, net::error> listen_tcp(const net::endpoint& local) override {
    if (const int e = decide(socket_call::listen_tcp, local)) return net::failure{net::system_error(e, "listen tcp")};
    return real_.listen_tcp(local);
  }
  net::result<net::unique_fd, net::error> connect_tcp(const net::endpoint& local,
                                                      const net::endpoint& remote) override {
    if (const int e = decide(socket_call::connect_tcp, remote))
      return net::failure{net::system_error(e, "connect tcp")};
    return real_.connect_tcp(local, remote);
  }

  int calls(socket_call c) { return counts_[c]; }

 private:
  int decide(socket_call c, const net::endpoint& where) {
    const int n = ++counts_[c];
    return fault ? fault(c, n, where) : 0;
  }

  net::socket_factory& real_;
  std::map<socket_call, int> counts_;
};

/// Sockets without a network: what a test sends to a port is there at once, and ports belong to no other program.
class paired_sockets final : public net::socket_factory {
 public:
  net::result<net::unique_fd, net::error> bind_udp(const net::endpoint& local, const net::udp_options&) override {
    if (is_bound(local.port())) return net::failure{net::system_error(EADDRINUSE, "bind udp " + local.to_string())};
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
      return net::failure{net::system_error(errno, "socketpair")};
    senders_[local.port()] = net::unique_fd{ends[1]};
    return net::unique_fd{ends[0]};
  }
  net::result<net::unique_fd, net::error> listen_tcp(const net::endpoint&) override { return silent(); }
  net::result<net::unique_fd, net::error> connect_tcp(const net::endpoint&, const net::endpoint&) override {
    return silent();
  }

  void send(std::uint16_t port, const std::vector<std::uint8_t>& packet) {
    [[maybe_unused]] const auto sent = ::send(senders_[port].get(), packet.data(), packet.size(), MSG_NOSIGNAL);
  }

 private:
  bool is_bound(std::uint16_t port) {
    const auto found = senders_.find(port);
    if (found == senders_.end()) return false;
    pollfd state{found->second.get(), 0, 0};
    return ::poll(&state, 1, 0) == 0;
  }
  static net::unique_fd silent() { return net::unique_fd{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)}; }

  std::map<std::uint16_t, net::unique_fd> senders_;
};

}  // namespace berth::tests
