#include "bench/floor_receiver.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "bench/process_meter.hpp"
#include "net/base/unique_fd.hpp"
#include "net/io/socket_factory.hpp"

namespace berth::bench {

namespace {

constexpr std::size_t batch = 32;
constexpr std::size_t buffer_size = 2048;
constexpr std::size_t control_size = 128;

struct stream_state {
  std::uint16_t highest = 0;
  std::uint32_t cycles = 0;
  std::uint64_t received = 0;
  std::uint64_t bytes = 0;
  std::uint32_t transit = 0;
  double jitter = 0;
};

std::uint32_t ticks_now() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint32_t>(t.tv_sec * 90000 + t.tv_nsec * 9 / 100000);
}

void take(stream_state& s, const std::uint8_t* p, std::size_t size, std::uint32_t arrival) {
  if (size < 12 || (p[0] & 0xc0) != 0x80 || size < 12U + 4U * (p[0] & 15)) return;
  const auto sequence = static_cast<std::uint16_t>(p[2] << 8 | p[3]);
  const auto stamp = std::uint32_t{p[4]} << 24 | std::uint32_t{p[5]} << 16 | std::uint32_t{p[6]} << 8 | p[7];
  const auto ahead = static_cast<std::uint16_t>(sequence - s.highest);
  if (ahead < 3000) {
    if (sequence < s.highest) s.cycles += 65536;
    s.highest = sequence;
  }
  const auto transit = arrival - stamp;
  const auto difference = static_cast<std::int32_t>(transit - s.transit);
  s.transit = transit;
  s.jitter += (std::abs(difference) - s.jitter) / 16;
  ++s.received;
  s.bytes += size;
}

[[noreturn]] void receive(const std::vector<net::unique_fd>& sockets, const floor_options& o,
                          std::atomic<std::uint64_t>& packets, std::atomic<bool>& ready) {
  // A second thread, asleep: descriptor look-ups take the way they take in a program of several threads.
  std::thread{[] {
    for (;;) ::pause();
  }}.detach();
  if (o.processor >= 0) pin_this_thread(o.processor);
  std::vector<stream_state> streams(sockets.size());
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.u64 = i;
    ::epoll_ctl(set, EPOLL_CTL_ADD, sockets[i].get(), &e);
  }
  static std::array<std::array<std::uint8_t, buffer_size>, batch> buffers;
  static std::array<std::array<char, control_size>, batch> controls;
  std::array<sockaddr_storage, batch> from;
  std::array<iovec, batch> parts;
  std::array<mmsghdr, batch> messages{};
  for (std::size_t i = 0; i < batch; ++i) {
    parts[i] = {buffers[i].data(), buffer_size};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_name = &from[i];
    messages[i].msg_hdr.msg_control = controls[i].data();
  }
  ready = true;
  std::array<epoll_event, 256> events;
  for (;;) {
    const int n = ::epoll_wait(set, events.data(), static_cast<int>(events.size()), -1);
    for (int k = 0; k < n; ++k) {
      const auto which = events[static_cast<std::size_t>(k)].data.u64;
      for (;;) {
        for (auto& m : messages) {
          m.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
          m.msg_hdr.msg_controllen = o.stamps ? control_size : 0;
        }
        const int got = ::recvmmsg(sockets[which].get(), messages.data(), batch, MSG_DONTWAIT, nullptr);
        if (got <= 0) break;
        const auto now = ticks_now();
        for (int i = 0; i < got; ++i)
          take(streams[which], buffers[static_cast<std::size_t>(i)].data(),
               messages[static_cast<std::size_t>(i)].msg_len, now);
        packets.store(packets.load(std::memory_order_relaxed) + static_cast<std::uint64_t>(got),
                      std::memory_order_relaxed);
        if (got < static_cast<int>(batch)) break;
      }
    }
    if (n > 0 && n < static_cast<int>(events.size()) && o.pace.count() > 0) {
      const timespec t{0, static_cast<long>(o.pace.count()) * 1000};
      ::clock_nanosleep(CLOCK_MONOTONIC, 0, &t, nullptr);
    }
  }
}

net::unique_fd make_socket(const floor_options& o) {
  net::unique_fd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &o.receive_buffer, sizeof o.receive_buffer);
  if (o.stamps) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  }
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0)
    throw std::runtime_error("the floor's sockets could not be bound: is the descriptor limit high enough?");
  return fd;
}

}  // namespace

floor_receiver::floor_receiver(const floor_options& options) {
  std::vector<net::unique_fd> sockets;
  for (std::size_t i = 0; i < options.sockets; ++i) {
    sockets.push_back(make_socket(options));
    targets_.push_back(net::local_endpoint(sockets.back().get()));
  }
  child_.emplace([&](figures& f) { receive(sockets, options, f.packets, f.ready); });
  while (!child_->shared().ready) std::this_thread::yield();
}

}  // namespace berth::bench
