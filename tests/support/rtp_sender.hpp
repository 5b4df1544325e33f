// The camera's side of the wire: RTP over UDP and TCP, good and bad, and the RTCP that goes with it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "net/base/endpoint.hpp"
#include "net/base/unique_fd.hpp"
#include "tests/support/packets.hpp"

namespace berth::tests {

/// Eleven bytes: one fewer than a header.
bytes too_short_packet(const rtp_fields& fields);
/// Version 0 instead of 2.
bytes not_rtp_packet(const rtp_fields& fields);
/// Fifteen CSRCs announced, none there.
bytes bad_header_packet(rtp_fields fields);
/// The report block of a receiver report, read independently of Berth's own parser.
struct received_report {
  std::uint32_t reporter = 0;
  std::uint32_t ssrc = 0;
  int fraction_lost = 0;
  int cumulative_lost = 0;
  std::uint32_t highest_sequence = 0;
  std::uint32_t last_sr = 0;
  std::uint32_t delay_since_last_sr = 0;
  net::endpoint from;
};

/// A UDP sender on 127.0.0.1 with a pair of ports of its own, RTP and RTCP next to each other.
/// Owned by a test; one thread at a time.
class rtp_sender {
 public:
  explicit rtp_sender(std::uint32_t ssrc = 0x1234, std::uint16_t first_sequence = 1);

  /// `count` packets in sequence to 127.0.0.1:port, many per system call. Throws if the kernel does not take one.
  void send(std::uint16_t port, std::size_t count = 1, std::size_t payload = 160);
  void send_raw(std::uint16_t port, const bytes& packet);
  void send_rtcp(std::uint16_t port, const bytes& packet);
  /// The next receiver report, if one has come.
  std::optional<received_report> receive_report();

  rtp_source& source() noexcept { return source_; }
  net::endpoint local() const;

 private:
  rtp_source source_;
  net::unique_fd rtp_, rtcp_;
};

enum class tcp_prefix {
  two_bytes,   ///< RFC 4571
  four_bytes,  ///< RFC 2326 10.12
};

/// A TCP connection that carries framed RTP. Either connects to a port, or takes a connection over that was accepted.
class rtp_tcp_sender {
 public:
  rtp_tcp_sender(std::uint16_t port, tcp_prefix prefix, std::uint32_t ssrc = 0x1234, std::uint16_t first_sequence = 1);
  rtp_tcp_sender(net::unique_fd connected, tcp_prefix prefix, std::uint32_t ssrc = 0x1234);

  void send(std::size_t count = 1, std::size_t payload = 160);
  /// One packet, framed.
  void send_packet(const bytes& packet);
  /// Bytes as they are. False if the other side has closed.
  bool send_raw(const bytes& packet);
  bool closed_by_peer();

  rtp_source& source() noexcept { return source_; }
  net::endpoint local() const;

 private:
  bytes framed(const bytes& packet) const;

  net::unique_fd socket_;
  tcp_prefix prefix_;
  rtp_source source_;
};

/// A listening TCP socket of a device on 127.0.0.1.
class tcp_device {
 public:
  tcp_device();

  std::uint16_t port() const noexcept { return port_; }
  /// The next connection, if one is waiting; `from` says where it comes from.
  net::unique_fd accept(net::endpoint* from = nullptr);
  /// From now on nobody answers on the port.
  void close() noexcept { socket_.reset(); }

 private:
  net::unique_fd socket_;
  std::uint16_t port_ = 0;
};

/// A UDP socket of somebody else on 127.0.0.1; port 0 = any. Throws if it can not be bound.
net::unique_fd foreign_udp_socket(std::uint16_t port = 0);

}  // namespace berth::tests
