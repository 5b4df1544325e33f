// The camera's side of the wire: RTP over UDP and TCP, good and bad, and the RTCP that goes with it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "net/bytes.hpp"
#include "net/endpoint.hpp"
#include "net/unique_fd.hpp"

namespace berth::tests {

using packet_bytes = std::vector<std::uint8_t>;

/// What a packet says, and how it is to be spoiled.
struct rtp_fields {
  std::uint32_t ssrc = 0x1234;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint8_t payload_type = 96;
  bool marker = false;
  std::size_t payload_size = 160;
};

/// RFC 3550 5.1.
packet_bytes rtp_packet_of(const rtp_fields& fields);
/// Eleven bytes: one fewer than a header.
packet_bytes too_short_packet(const rtp_fields& fields);
/// Version 0 instead of 2.
packet_bytes not_rtp_packet(const rtp_fields& fields);
/// Fifteen CSRCs announced, none there.
packet_bytes bad_header_packet(rtp_fields fields);
/// RFC 3550 6.4.1, without report blocks.
packet_bytes sender_report_of(std::uint32_t ssrc, std::uint64_t ntp, std::uint32_t timestamp, std::uint32_t packets,
                              std::uint32_t octets);

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

/// Numbers the packets of one stream. A value.
class rtp_source {
 public:
  explicit rtp_source(std::uint32_t ssrc, std::uint16_t first_sequence = 1) : ssrc_(ssrc), sequence_(first_sequence) {}

  packet_bytes next(std::size_t payload_size = 160);
  /// Numbers go by that nobody will see.
  void skip(std::uint16_t packets) { sequence_ = static_cast<std::uint16_t>(sequence_ + packets); }

  rtp_fields fields() const;  ///< of the next packet
  std::uint32_t ssrc() const noexcept { return ssrc_; }
  void set_ssrc(std::uint32_t ssrc) noexcept { ssrc_ = ssrc; }
  std::uint16_t sequence() const noexcept { return sequence_; }  ///< of the next packet

 private:
  std::uint32_t ssrc_;
  std::uint16_t sequence_;
  std::uint32_t timestamp_ = 0;
};

/// A UDP sender on 127.0.0.1 with a pair of ports of its own, RTP and RTCP next to each other.
/// Owned by a test; one thread at a time.
class rtp_sender {
 public:
  explicit rtp_sender(std::uint32_t ssrc = 0x1234, std::uint16_t first_sequence = 1);

  /// `count` packets in sequence to 127.0.0.1:port, many per system call. Throws if the kernel does not take one.
  void send(std::uint16_t port, std::size_t count = 1, std::size_t payload_size = 160);
  void send_raw(std::uint16_t port, const packet_bytes& bytes);
  void send_rtcp(std::uint16_t port, const packet_bytes& bytes);
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

  void send(std::size_t count = 1, std::size_t payload_size = 160);
  /// One packet, framed.
  void send_packet(const packet_bytes& packet);
  /// Bytes as they are. False if the other side has closed.
  bool send_raw(const packet_bytes& bytes);
  bool closed_by_peer();

  rtp_source& source() noexcept { return source_; }
  net::endpoint local() const;

 private:
  packet_bytes framed(const packet_bytes& packet) const;

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
