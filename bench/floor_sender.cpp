#include "bench/floor_sender.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bench/process_meter.hpp"
#include "net/base/unique_fd.hpp"
#include "net/io/socket_factory.hpp"

namespace berth::bench {
namespace {

using std::chrono::steady_clock;

constexpr int backlog = 4096;
constexpr int send_buffer = 256 * 1024;  // as the service has it

}  // namespace

void floor_sender::run(int listener, const floor_sender_options& o, figures& f) {
  if (o.processor >= 0) pin_this_thread(o.processor);
  std::vector<net::unique_fd> viewers;
  const int on = 1;
  while (viewers.size() < o.streams * o.viewers) {
    net::unique_fd one{::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)};
    if (!one) ::_exit(1);
    ::setsockopt(one.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(one.get(), SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
    viewers.push_back(std::move(one));
  }
  const std::vector<char> bytes(std::max(o.frame_bytes, o.key_frame_bytes), 0x55);
  const std::chrono::nanoseconds interval{1'000'000'000 / o.frames_per_second};
  const auto begin = steady_clock::now();
  for (std::uint64_t round = 0;; ++round)
    for (std::size_t stream = 0; stream < o.streams; ++stream) {
      const auto share = interval * static_cast<long>(stream) / static_cast<long>(o.streams);
      std::this_thread::sleep_until(begin + round * interval + share);
      const bool key = (round + stream * 7) % o.key_frame_every == 0;
      const auto size = key ? o.key_frame_bytes : o.frame_bytes;
      for (std::size_t i = 0; i < o.viewers; ++i) {
        const auto to = viewers[stream * o.viewers + i].get();
        const auto taken = ::send(to, bytes.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL);
        ++(taken == static_cast<ssize_t>(size) ? f.sent : f.lost);
      }
    }
}

floor_sender::floor_sender(const floor_sender_options& options) {
  const net::unique_fd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!listener || ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0 ||
      ::listen(listener.get(), backlog) != 0)
    throw std::runtime_error("the floor can not listen");
  address_ = net::local_endpoint(listener.get());
  child_.emplace([&](figures& f) { run(listener.get(), options, f); });
}

}  // namespace berth::bench
