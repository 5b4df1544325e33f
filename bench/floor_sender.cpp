#include "bench/floor_sender.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <new>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bench/process_meter.hpp"
#include "net/socket_factory.hpp"
#include "net/unique_fd.hpp"

namespace berth::bench {
namespace {

using std::chrono::steady_clock;

constexpr int backlog = 4096;
constexpr int send_buffer = 256 * 1024;  // as the service has it

}  // namespace

struct floor_sender::shared {
  std::atomic<std::uint64_t> sent{0}, lost{0};

  [[noreturn]] void run(int listener, const floor_sender_options& o) {
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
          ++(taken == static_cast<ssize_t>(size) ? sent : lost);
        }
      }
  }
};

floor_sender::floor_sender(const floor_sender_options& options) {
  const net::unique_fd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!listener || ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0 ||
      ::listen(listener.get(), backlog) != 0)
    throw std::runtime_error("the floor can not listen");
  address_ = net::local_endpoint(listener.get());
  auto* memory = ::mmap(nullptr, sizeof(shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error("no shared memory for the floor");
  shared_ = new (memory) shared;
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("no process for the floor");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    shared_->run(listener.get(), options);
  }
}

floor_sender::~floor_sender() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  ::munmap(shared_, sizeof(shared));
}

std::uint64_t floor_sender::sent() const noexcept { return shared_->sent.load(); }
std::uint64_t floor_sender::lost() const noexcept { return shared_->lost.load(); }

}  // namespace berth::bench
