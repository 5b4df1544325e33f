#include "tests/support/rtp_sender.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

#include "net/io/socket_factory.hpp"

namespace berth::tests {
namespace {

[[noreturn]] void fail(const char* what) { throw std::runtime_error(std::string{what} + ": " + std::strerror(errno)); }

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = htons(port);
  return a;
}

net::unique_fd bound(int type, std::uint16_t port) {
  net::unique_fd fd{::socket(AF_INET, type | SOCK_CLOEXEC, 0)};
  const auto a = loopback(port);
  if (fd && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&a), sizeof a) != 0) fd.reset();
  return fd;
}

void send_datagram(int fd, std::uint16_t port, const bytes& packet) {
  const auto to = loopback(port);
  if (::sendto(fd, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0)
    fail("sendto");
}

}  // namespace

bytes too_short_packet(const rtp_fields& f) {
  auto p = make_rtp(f);
  p.resize(11);
  return p;
}

bytes not_rtp_packet(const rtp_fields& f) {
  auto p = make_rtp(f);
  p[0] = 0;
  return p;
}

bytes bad_header_packet(rtp_fields f) {
  f.payload = 8;
  auto p = make_rtp(f);
  p[0] |= 0x0f;
  return p;
}

rtp_sender::rtp_sender(std::uint32_t ssrc, std::uint16_t first_sequence) : source_(ssrc, first_sequence) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    auto rtp = bound(SOCK_DGRAM, 0);
    if (!rtp) fail("bind");
    const auto port = net::local_endpoint(rtp.get()).port();
    auto rtcp = port < 65535 ? bound(SOCK_DGRAM, static_cast<std::uint16_t>(port + 1)) : net::unique_fd{};
    if (!rtcp) continue;
    rtp_ = std::move(rtp);
    rtcp_ = std::move(rtcp);
    return;
  }
  throw std::runtime_error("no two ports next to each other");
}

void rtp_sender::send(std::uint16_t port, std::size_t count, std::size_t payload_size) {
  constexpr std::size_t batch = 64;
  auto to = loopback(port);
  while (count > 0) {
    const auto n = std::min(count, batch);
    std::vector<bytes> packets;
    std::array<iovec, batch> parts{};
    std::array<mmsghdr, batch> messages{};
    for (std::size_t i = 0; i < n; ++i) packets.push_back(source_.next(payload_size));
    for (std::size_t i = 0; i < n; ++i) {
      parts[i] = {packets[i].data(), packets[i].size()};
      messages[i].msg_hdr.msg_name = &to;
      messages[i].msg_hdr.msg_namelen = sizeof to;
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (std::size_t sent = 0; sent < n;) {
      const int taken = ::sendmmsg(rtp_.get(), &messages[sent], static_cast<unsigned>(n - sent), 0);
      if (taken <= 0 && errno != EINTR) fail("sendmmsg");
      sent += static_cast<std::size_t>(std::max(taken, 0));
    }
    count -= n;
  }
}

void rtp_sender::send_raw(std::uint16_t port, const bytes& packet) { send_datagram(rtp_.get(), port, packet); }
void rtp_sender::send_rtcp(std::uint16_t port, const bytes& packet) { send_datagram(rtcp_.get(), port, packet); }
net::endpoint rtp_sender::local() const { return net::local_endpoint(rtp_.get()); }

// RFC 3550 6.4.2: header and SSRC of the reporter, then blocks of 24 bytes.
std::optional<received_report> rtp_sender::receive_report() {
  for (;;) {
    std::array<std::uint8_t, 1500> buffer;
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    const auto got = ::recvfrom(rtcp_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT,
                                reinterpret_cast<sockaddr*>(&from), &length);
    if (got < 0) return std::nullopt;
    const auto* p = buffer.data();
    if (got < 32 || (p[0] & 0xc0) != 0x80 || (p[0] & 0x1f) < 1 || p[1] != 201) continue;
    received_report r;
    r.reporter = net::load_be32(p + 4);
    r.ssrc = net::load_be32(p + 8);
    r.fraction_lost = p[12];
    r.cumulative_lost = static_cast<int>(net::load_be32(p + 12) & 0xffffff);
    if (r.cumulative_lost >= 0x800000) r.cumulative_lost -= 0x1000000;
    r.highest_sequence = net::load_be32(p + 16);
    r.last_sr = net::load_be32(p + 24);
    r.delay_since_last_sr = net::load_be32(p + 28);
    r.from = net::endpoint::from_sockaddr(from);
    return r;
  }
}

rtp_tcp_sender::rtp_tcp_sender(std::uint16_t port, tcp_prefix prefix, std::uint32_t ssrc, std::uint16_t first_sequence)
    : socket_(bound(SOCK_STREAM, 0)), prefix_(prefix), source_(ssrc, first_sequence) {
  const auto to = loopback(port);
  if (!socket_ || ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("connect");
  const int on = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

rtp_tcp_sender::rtp_tcp_sender(net::unique_fd connected, tcp_prefix prefix, std::uint32_t ssrc)
    : socket_(std::move(connected)), prefix_(prefix), source_(ssrc) {}

bytes rtp_tcp_sender::framed(const bytes& packet) const {
  bytes out;
  if (prefix_ == tcp_prefix::four_bytes) out = {'$', 0};
  out.push_back(static_cast<std::uint8_t>(packet.size() >> 8));
  out.push_back(static_cast<std::uint8_t>(packet.size()));
  out.insert(out.end(), packet.begin(), packet.end());
  return out;
}

void rtp_tcp_sender::send(std::size_t count, std::size_t payload_size) {
  for (std::size_t i = 0; i < count; ++i) send_packet(source_.next(payload_size));
}

void rtp_tcp_sender::send_packet(const bytes& packet) {
  if (!send_raw(framed(packet))) fail("send");
}

bool rtp_tcp_sender::send_raw(const bytes& data) {
  for (std::size_t done = 0; done < data.size();) {
    const auto n = ::send(socket_.get(), data.data() + done, data.size() - done, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

bool rtp_tcp_sender::closed_by_peer() {
  // What was sent to the device stands in front of the end.
  std::array<char, 4096> room;
  ssize_t got = 0;
  do got = ::recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT);
  while (got > 0);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

net::endpoint rtp_tcp_sender::local() const { return net::local_endpoint(socket_.get()); }

tcp_device::tcp_device() : socket_(bound(SOCK_STREAM, 0)) {
  if (!socket_ || ::listen(socket_.get(), 8) != 0) fail("listen");
  port_ = net::local_endpoint(socket_.get()).port();
}

net::unique_fd tcp_device::accept(net::endpoint* from) {
  pollfd waiting{socket_.get(), POLLIN, 0};
  if (::poll(&waiting, 1, 0) <= 0) return {};
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  net::unique_fd fd{::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length, SOCK_CLOEXEC)};
  if (fd && from != nullptr) *from = net::endpoint::from_sockaddr(address);
  return fd;
}

net::unique_fd foreign_udp_socket(std::uint16_t port) {
  auto fd = bound(SOCK_DGRAM, port);
  if (!fd) fail("bind");
  return fd;
}

}  // namespace berth::tests
