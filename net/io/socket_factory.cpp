#include "net/io/socket_factory.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>

#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef SO_RXQ_OVFL
#define SO_RXQ_OVFL 40
#endif

namespace berth::net {
namespace {

constexpr int listen_backlog = 128;

struct made_socket {
  unique_fd fd;
  int family;
};

/// `doing`: e.g. "bind udp ". The words are found when they are needed: an open that succeeds pays for none.
failure<error> failed(int code, const char* doing, const endpoint& address) {
  return failure{system_error(code, doing + address.to_string())};
}

// A wildcard address listens on both families; a machine without IPv6 falls back to IPv4.
result<made_socket, int> make_socket(const endpoint& local, int type) {
  const int family = local.is_v4() ? AF_INET : AF_INET6;
  unique_fd fd{::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd && errno == EAFNOSUPPORT && family == AF_INET6 && local.is_any()) {
    fd = unique_fd{::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (fd) return made_socket{std::move(fd), AF_INET};
  }
  if (!fd) return failure{errno};
  if (family == AF_INET6) {
    const int v6only = local.is_any() ? 0 : 1;
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only);
  }
  return made_socket{std::move(fd), family};
}

bool bind_to(int fd, const endpoint& local, int family) {
  sockaddr_storage address;
  const auto length = local.to_sockaddr(address, family);
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), length) == 0;
}

void enable(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);
}

}  // namespace

result<unique_fd, error> posix_socket_factory::bind_udp(const endpoint& local, const udp_options& options) {
  constexpr auto doing = "bind udp ";
  auto made = make_socket(local, SOCK_DGRAM);
  if (!made) return failed(made.error(), doing, local);
  const int fd = made->fd.get();
  // All before bind: a packet that is queued earlier than an option is set would miss it.
  set_receive_buffer(fd, options.receive_buffer);
  if (options.media) {
    enable(fd, SOL_SOCKET, SO_TIMESTAMPNS);
    enable(fd, SOL_SOCKET, SO_RXQ_OVFL);
  }
  if (options.joined) enable(fd, SOL_UDP, UDP_GRO);
  if (!bind_to(fd, local, made->family)) return failed(errno, doing, local);
  return std::move(made->fd);
}

result<unique_fd, error> posix_socket_factory::listen_tcp(const endpoint& local) {
  constexpr auto doing = "listen tcp ";
  auto made = make_socket(local, SOCK_STREAM);
  if (!made) return failed(made.error(), doing, local);
  // TCP knows TIME_WAIT, and unlike on UDP the option does not let two listeners share a port.
  enable(made->fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (!bind_to(made->fd.get(), local, made->family) || ::listen(made->fd.get(), listen_backlog) != 0)
    return failed(errno, doing, local);
  return std::move(made->fd);
}

result<unique_fd, error> posix_socket_factory::connect_tcp(const endpoint& local, const endpoint& remote) {
  constexpr auto doing = "connect tcp ";
  // The family follows the remote side: a wildcard IPv6 bind address must still reach an IPv4 device.
  const auto from = local.is_any() ? *endpoint::parse(remote.is_v4() ? "0.0.0.0" : "::", local.port()) : local;
  auto made = make_socket(from, SOCK_STREAM);
  if (!made) return failed(made.error(), doing, remote);
  const int fd = made->fd.get();
  enable(fd, SOL_SOCKET, SO_REUSEADDR);
  if (!bind_to(fd, from, made->family)) return failed(errno, (doing + remote.to_string() + " from ").c_str(), from);
  sockaddr_storage address;
  const auto length = remote.to_sockaddr(address, made->family);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), length) != 0 && errno != EINPROGRESS)
    return failed(errno, doing, remote);
  return std::move(made->fd);
}

endpoint local_endpoint(int fd) noexcept {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (fd < 0 || ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  return endpoint::from_sockaddr(address);
}

int pending_error(int fd) noexcept {
  int value = 0;
  socklen_t length = sizeof value;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &length) != 0) return errno;
  return value;
}

int family_of(int fd) noexcept {
  sockaddr_storage own{};
  socklen_t length = sizeof own;
  return ::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &length) == 0 ? own.ss_family : AF_UNSPEC;
}

void send_datagram(int fd, bytes_view bytes, const endpoint& to) noexcept {
  const int family = family_of(fd);
  if (family == AF_UNSPEC) return;
  sockaddr_storage address;
  const auto size = to.to_sockaddr(address, family);
  [[maybe_unused]] const auto sent =
      ::sendto(fd, bytes.data(), bytes.size(), MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&address), size);
}

void report_refusals(int fd) noexcept {
  enable(fd, IPPROTO_IP, IP_RECVERR);
  enable(fd, IPPROTO_IPV6, IPV6_RECVERR);
}

void stop_reporting_refusals(int fd) noexcept {
  const int off = 0;
  ::setsockopt(fd, IPPROTO_IP, IP_RECVERR, &off, sizeof off);
  ::setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &off, sizeof off);
  forget_refusals(fd);
}

void forget_refusals(int fd) noexcept {
  std::array<char, 512> room;
  for (;;) {
    msghdr message{};
    message.msg_control = room.data();
    message.msg_controllen = room.size();
    if (::recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0 && errno != EINTR) return;
  }
}

void set_receive_buffer(int fd, int bytes) noexcept { ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes); }

int receive_buffer(int fd) noexcept {
  int given = 0;
  socklen_t length = sizeof given;
  ::getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &given, &length);
  return given;
}

std::uint32_t kernel_drops(int fd) noexcept {
  std::array<std::uint32_t, 9> info{};  // SK_MEMINFO_VARS
  socklen_t length = sizeof info;
  if (::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info.data(), &length) != 0) return 0;
  return info[8];  // SK_MEMINFO_DROPS
}

drained drain_udp(int fd, std::size_t limit) noexcept {
  drained d;
  std::array<std::uint8_t, 12> head;  // RFC 3550 5.1; the rest of each datagram is cut off by the kernel
  while (d.datagrams < limit) {
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    const auto size =
        ::recvfrom(fd, head.data(), head.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &length);
    if (size < 0) {
      if (errno == EINTR || errno == ECONNREFUSED) continue;
      break;
    }
    ++d.datagrams;
    media_sender heard{endpoint::from_sockaddr(from), std::nullopt};
    // RFC 5761 4: those payload types are reports, which have no SSRC there.
    const auto type = head[1] & 0x7f;
    const bool whole = static_cast<std::size_t>(size) == head.size();
    if (whole && head[0] >> 6 == 2 && (type < 64 || type > 95)) heard.ssrc = load_be32(&head[8]);
    d.senders.hear(heard);
  }
  return d;
}

}  // namespace berth::net
