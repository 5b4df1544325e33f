#include "net/io/udp_reader.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/uio.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef SO_RXQ_OVFL
#define SO_RXQ_OVFL 40
#endif

namespace berth::net {
namespace {

// Odd multiple of a cache line: buffers at a power of two would all fall on the same cache sets.
constexpr std::size_t stride_of(std::size_t size) { return (size + 127) / 128 * 128 + 64; }
constexpr std::size_t control_size =
    CMSG_SPACE(sizeof(timespec)) + CMSG_SPACE(sizeof(std::uint32_t)) + CMSG_SPACE(sizeof(int));
// The kernel joins no more datagrams than this into one message.
constexpr std::size_t most_segments = 128;
// A stamp further away than this comes from a step of the wall clock, not from the packet.
constexpr auto believable_age = std::chrono::seconds{2};

std::chrono::nanoseconds to_duration(const timespec& t) {
  return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
}

}  // namespace

struct udp_reader::storage {
  storage(std::size_t messages, std::size_t size)
      : bytes(messages * stride_of(size)), from(messages), control(messages), parts(messages), headers(messages) {
    for (std::size_t i = 0; i < messages; ++i) {
      parts[i] = {bytes.data() + i * stride_of(size), size};
      auto& h = headers[i].msg_hdr;
      h.msg_name = &from[i];
      h.msg_iov = &parts[i];
      h.msg_iovlen = 1;
      h.msg_control = control[i].data();
      ready(i);
    }
  }
  void ready(std::size_t i) noexcept {
    headers[i].msg_hdr.msg_namelen = sizeof from[i];
    headers[i].msg_hdr.msg_controllen = control_size;
  }

  std::vector<std::uint8_t> bytes;
  std::vector<sockaddr_storage> from;
  std::vector<std::array<char, control_size>> control;
  std::vector<iovec> parts;
  std::vector<mmsghdr> headers;
};

void udp_reader::storage_deleter::operator()(storage* s) const noexcept { delete s; }

udp_reader::udp_reader(bool joined)
    : storage_(joined ? new storage{joined_batch, joined_size} : new storage{batch_size, buffer_size}) {
  datagrams_.reserve(joined ? joined_batch * most_segments : batch_size);
}

std::size_t udp_reader::read(int fd, time_point now) {
  auto& s = *storage_;
  const auto batch = static_cast<unsigned>(s.headers.size());
  int count = 0;
  // A connected sender's ICMP error is reported once as an error of ours: the datagrams behind it are still there.
  do count = ::recvmmsg(fd, s.headers.data(), batch, MSG_DONTWAIT, nullptr);
  while (count < 0 && (errno == EINTR || errno == ECONNREFUSED));
  kernel_drops_ = 0;
  datagrams_.clear();
  more_ = count == static_cast<int>(batch);
  if (count <= 0) return 0;

  timespec wall{};
  ::clock_gettime(CLOCK_REALTIME, &wall);
  const auto wall_now = to_duration(wall);

  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    auto& h = s.headers[i].msg_hdr;
    datagram d;
    d.from = endpoint::from_sockaddr(s.from[i]);
    d.truncated = (h.msg_flags & MSG_TRUNC) != 0;
    d.arrival = now;
    int segment = 0;
    for (auto* c = CMSG_FIRSTHDR(&h); c != nullptr; c = CMSG_NXTHDR(&h, c)) {
      if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) std::memcpy(&segment, CMSG_DATA(c), sizeof segment);
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
    const bytes_view bytes{static_cast<const std::uint8_t*>(s.parts[i].iov_base), s.headers[i].msg_len};
    split(bytes, segment > 0 ? static_cast<std::size_t>(segment) : bytes.size(), d);
    s.ready(i);
  }
  return datagrams_.size();
}

// All segments of a message have one size, but for the last, which may be shorter. An empty datagram is one, too.
void udp_reader::split(bytes_view bytes, std::size_t segment, const datagram& common) {
  do {
    auto& d = datagrams_.emplace_back(common);
    d.bytes = bytes.first(std::min(segment, bytes.size()));
    bytes = bytes.subspan(d.bytes.size());
    d.truncated = common.truncated && bytes.empty();
  } while (!bytes.empty());
}

}  // namespace berth::net
