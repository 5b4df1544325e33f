#include "net/udp_reader.hpp"

#include <netinet/in.h>
#include <sys/uio.h>
#include <time.h>

#include <cerrno>
#include <cstring>

#ifndef SO_RXQ_OVFL
#define SO_RXQ_OVFL 40
#endif

namespace berth::net {
namespace {

// Odd multiple of a cache line: buffers at a power of two would all fall on the same cache sets.
constexpr std::size_t stride = udp_reader::buffer_size + 64;
constexpr std::size_t control_size = CMSG_SPACE(sizeof(timespec)) + CMSG_SPACE(sizeof(std::uint32_t));
// A stamp further away than this comes from a step of the wall clock, not from the packet.
constexpr auto believable_age = std::chrono::seconds{2};

std::chrono::nanoseconds to_duration(const timespec& t) {
  return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
}

}  // namespace

struct udp_reader::storage {
  std::array<std::uint8_t, stride * batch_size> bytes;
  std::array<sockaddr_storage, batch_size> from;
  std::array<std::array<char, control_size>, batch_size> control;
  std::array<iovec, batch_size> parts;
  std::array<mmsghdr, batch_size> headers;
};

void udp_reader::storage_deleter::operator()(storage* s) const noexcept { delete s; }

udp_reader::udp_reader() : storage_(new storage) {
  auto& s = *storage_;
  for (std::size_t i = 0; i < batch_size; ++i) {
    s.parts[i] = {s.bytes.data() + i * stride, buffer_size};
    s.headers[i] = {};
    auto& h = s.headers[i].msg_hdr;
    h.msg_name = &s.from[i];
    h.msg_namelen = sizeof s.from[i];
    h.msg_iov = &s.parts[i];
    h.msg_iovlen = 1;
    h.msg_control = s.control[i].data();
    h.msg_controllen = control_size;
  }
}

std::size_t udp_reader::read(int fd, time_point now) {
  auto& s = *storage_;
  int count = 0;
  // A connected sender's ICMP error is reported once as an error of ours: the datagrams behind it are still there.
  do count = ::recvmmsg(fd, s.headers.data(), batch_size, MSG_DONTWAIT, nullptr);
  while (count < 0 && (errno == EINTR || errno == ECONNREFUSED));
  kernel_drops_ = 0;
  if (count <= 0) return 0;

  timespec wall{};
  ::clock_gettime(CLOCK_REALTIME, &wall);
  const auto wall_now = to_duration(wall);

  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    auto& h = s.headers[i].msg_hdr;
    auto& d = datagrams_[i];
    d.bytes = {s.bytes.data() + i * stride, s.headers[i].msg_len};
    d.from = endpoint::from_sockaddr(s.from[i]);
    d.truncated = (h.msg_flags & MSG_TRUNC) != 0;
    d.arrival = now;
    for (auto* c = CMSG_FIRSTHDR(&h); c != nullptr; c = CMSG_NXTHDR(&h, c)) {
      if (c->cmsg_level != SOL_SOCKET) continue;
      if (c->cmsg_type == SCM_TIMESTAMPNS) {
        timespec stamp;
        std::memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
        const auto age = wall_now - to_duration(stamp);
        if (age >= age.zero() && age < believable_age) d.arrival = now - age;
      } else if (c->cmsg_type == SO_RXQ_OVFL) {
        std::memcpy(&kernel_drops_, CMSG_DATA(c), sizeof kernel_drops_);
      }
    }
    h.msg_namelen = sizeof s.from[i];
    h.msg_controllen = control_size;
  }
  return static_cast<std::size_t>(count);
}

}  // namespace berth::net
