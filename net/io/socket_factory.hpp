// The only place where Berth makes sockets for media; the seam at which tests make the network fail.
#pragma once

#include <cstdint>

#include "net/base/bytes.hpp"
#include "net/base/endpoint.hpp"
#include "net/base/error.hpp"
#include "net/base/media_sender.hpp"
#include "net/base/unique_fd.hpp"

namespace berth::net {

struct udp_options {
  int receive_buffer = 1 << 20;  ///< SO_RCVBUF asked for, bytes; the kernel doubles it and clamps it silently
  bool joined = false;           ///< UDP_GRO: the kernel may join datagrams of one flow into one message
  bool media = true;             ///< it matters when a datagram came, and how many the kernel dropped before it
};

/// Makes sockets. All of them are non-blocking and close-on-exec. Called by the supervisor (bind, listen) and by
/// streams on their reactor (connect), so an implementation must be thread-safe; it outlives them all.
class socket_factory {
 public:
  virtual ~socket_factory() = default;

  /// Bound UDP socket, with kernel time stamps and drop counts on if it is for media. Never SO_REUSEADDR or
  /// SO_REUSEPORT: they would let a second socket take the packets in silence. An IPv6 wildcard address means both
  /// families.
  virtual result<unique_fd, error> bind_udp(const endpoint& local, const udp_options& options) = 0;

  /// Listening TCP socket.
  virtual result<unique_fd, error> listen_tcp(const endpoint& local) = 0;

  /// TCP socket bound to `local` whose connection to `remote` is under way: writable when it is decided.
  virtual result<unique_fd, error> connect_tcp(const endpoint& local, const endpoint& remote) = 0;
};

/// The operating system's sockets.
class posix_socket_factory final : public socket_factory {
 public:
  result<unique_fd, error> bind_udp(const endpoint& local, const udp_options& options) override;
  result<unique_fd, error> listen_tcp(const endpoint& local) override;
  result<unique_fd, error> connect_tcp(const endpoint& local, const endpoint& remote) override;
};

/// The address a socket is bound to; unset if the descriptor is none.
endpoint local_endpoint(int fd) noexcept;
/// Error of a finished non-blocking connect (SO_ERROR): 0 when it succeeded.
int pending_error(int fd) noexcept;
/// The address family that a socket speaks; AF_UNSPEC if it is none.
int family_of(int fd) noexcept;
/// One datagram without waiting; what the kernel does not take is lost.
void send_datagram(int fd, bytes_view bytes, const endpoint& to) noexcept;
/// Lets a UDP socket hear that a receiver is not there: the next send says so (ip(7), IP_RECVERR).
void report_refusals(int fd) noexcept;
/// Undoes report_refusals(), for whoever has the socket next.
void stop_reporting_refusals(int fd) noexcept;
/// Throws away what a socket with report_refusals() has heard so far, so that it is not ready for its sake any more.
void forget_refusals(int fd) noexcept;
/// Asks for a receive buffer: the kernel doubles the figure, and clamps it.
void set_receive_buffer(int fd, int bytes) noexcept;
/// The receive buffer as the kernel has it, bytes.
int receive_buffer(int fd) noexcept;
/// Datagrams that the kernel has dropped on a socket since it was made, for want of buffer.
std::uint32_t kernel_drops(int fd) noexcept;
struct drained {
  std::size_t datagrams = 0;
  media_senders senders;  ///< with their SSRCs, as far as they sent RTP
};
/// Throws away what waits in a UDP socket's queue, at most `limit` datagrams.
drained drain_udp(int fd, std::size_t limit) noexcept;

}  // namespace berth::net
