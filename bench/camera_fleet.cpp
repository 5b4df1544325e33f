#include "bench/camera_fleet.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <thread>

#include "bench/process_meter.hpp"
#include "bench/program_stream.hpp"
#include "bench/tcp_connection.hpp"
#include "net/base/bytes.hpp"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

namespace berth::bench {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr std::size_t largest_datagram = 65507;
constexpr std::size_t most_segments = 64;
constexpr std::size_t rtp_header = 12;
constexpr int fleet_send_buffer = 8 << 20;
constexpr std::uint32_t clock_rate = 90000;

nanoseconds thread_cpu() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::chrono::seconds{t.tv_sec} + nanoseconds{t.tv_nsec};
}

void sleep_until(steady_clock::time_point when) {
  const auto ns = std::chrono::duration_cast<nanoseconds>(when.time_since_epoch()).count();
  const timespec t{ns / 1'000'000'000, ns % 1'000'000'000};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) == EINTR) {
  }
}

double bytes_per_group(const fleet_options& o) {
  return o.mbit_per_second * 1e6 / 8 * o.key_frame_every / o.frames_per_second;
}

std::size_t packets_of(double bytes, std::size_t packet_size) {
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(bytes / static_cast<double>(packet_size))));
}

net::unique_fd udp_socket(int family) {
  net::unique_fd fd{::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!fd) throw std::runtime_error("no UDP socket for a sender");
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &fleet_send_buffer, sizeof fleet_send_buffer);
  return fd;
}

}  // namespace

std::size_t fleet_options::packets_per_frame() const noexcept {
  return packets_of(bytes_per_group(*this) / (key_frame_every - 1 + key_frame_factor), packet_size);
}

std::size_t fleet_options::packets_per_key_frame() const noexcept {
  return packets_of(bytes_per_group(*this) / (key_frame_every - 1 + key_frame_factor) * key_frame_factor, packet_size);
}

namespace {

/// The packets of one frame, back to back: room for headers, and the payload.
class packet_train {
 public:
  packet_train(const fleet_options& o, std::size_t packets, bool key)
      : count(packets),
        stride_(o.packet_size + (o.tcp ? 2 : 0)),
        head_(stride_ - o.packet_size + rtp_header),
        bytes_(packets * stride_, 0x55) {
    if (o.program_stream) picture_.emplace(key, packets * (stride_ - head_));
  }

  const std::size_t count;

  std::uint8_t* packet(std::size_t i) noexcept { return &bytes_[i * stride_]; }

  /// Writes the picture anew, with its time.
  void stamp(std::uint32_t timestamp) {
    if (!picture_) return;
    picture_->stamp(timestamp, steady_clock::now());
    auto from = picture_->bytes();
    const auto size = stride_ - head_;
    // All that a stamp changes is in the first packet; the others were written once.
    for (std::size_t i = 0; i < (written_ ? 1 : count); ++i, from = from.subspan(size))
      std::copy_n(from.data(), size, packet(i) + head_);
    written_ = true;
  }

 private:
  const std::size_t stride_, head_;
  std::vector<std::uint8_t> bytes_;
  std::optional<coded_picture> picture_;
  bool written_ = false;
};

}  // namespace

// One thread's share of the cameras. All state is its own; the cameras are not touched by anybody else while it runs.
class camera_fleet::sender {
 public:
  sender(const fleet_options& o, std::span<camera> cameras, int socket, unsigned number)
      : options_(o),
        cameras_(cameras),
        random_(o.seed + number),
        key_{o, o.packets_per_key_frame(), true},
        other_{o, o.packets_per_frame(), false},
        socket_(socket) {
    injects_ = o.loss > 0 || o.reorder > 0 || o.duplicate > 0;
    per_call_ = std::min(most_segments, o.tcp ? most_segments : largest_datagram / o.packet_size);
  }

  fleet_result run(steady_clock::time_point begin, steady_clock::time_point end) {
    if (options_.processor >= 0) pin_this_thread(options_.processor);
    const auto cpu = thread_cpu();
    const auto ticks = options_.spread ? options_.packets_per_frame() : 1;
    const nanoseconds interval = nanoseconds{1'000'000'000} / options_.frames_per_second / static_cast<long>(ticks);
    for (std::uint64_t round = 0; begin + round * interval < end; ++round) {
      for (std::size_t i = 0; i < cameras_.size(); ++i) {
        const auto offset =
            options_.staggered ? interval * static_cast<long>(i) / static_cast<long>(cameras_.size()) : nanoseconds{0};
        const auto due = begin + round * interval + offset;
        if (due >= end) break;
        if (due > steady_clock::now()) sleep_until(due);
        result_.lateness.record(steady_clock::now() - due);
        if (options_.spread)
          send_packets(cameras_[i], other_, 1, round % ticks == 0);
        else
          send_frame(cameras_[i]);
      }
    }
    result_.elapsed = steady_clock::now() - begin;
    result_.cpu = thread_cpu() - cpu;
    return std::move(result_);
  }

 private:
  void send_frame(camera& c) {
    auto& frame = c.frame == 0 ? key_ : other_;
    send_packets(c, frame, frame.count, true);
    c.frame = (c.frame + 1) % options_.key_frame_every;
  }

  void send_packets(camera& c, packet_train& frame, std::size_t count, bool new_frame) {
    if (new_frame) c.timestamp += clock_rate / options_.frames_per_second;
    frame.stamp(c.timestamp);
    for (std::size_t at = 0; at < count;) {
      const auto n = std::min(count - at, per_call_);
      train_ = frame.packet(at);
      at += n;
      build(c, n, at == count);
      if (options_.tcp)
        send_stream(c, n);
      else if (options_.segmentation_offload && !injects_)
        send_segments(c, n);
      else
        send_each(c, n);
    }
  }

  std::size_t stride() const noexcept { return options_.packet_size + (options_.tcp ? 2 : 0); }
  std::uint8_t* packet(std::size_t i) noexcept { return train_ + i * stride() + (options_.tcp ? 2 : 0); }

  // RFC 3550 5.1: all packets of one size, back to back, as the kernel wants segments to be.
  void build(camera& c, std::size_t count, bool ends_frame) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
      auto* p = packet(i);
      if (options_.tcp) net::store_be16(p - 2, static_cast<std::uint16_t>(options_.packet_size));
      p[0] = 0x80;
      p[1] = static_cast<std::uint8_t>(96 | (ends_frame && i + 1 == count ? 0x80 : 0));
      net::store_be16(p + 2, c.sequence++);
      net::store_be32(p + 4, c.timestamp);
      net::store_be32(p + 8, c.ssrc);
    }
  }

  void send_segments(camera& c, std::size_t count) {
    sockaddr_storage to;
    const auto size = c.target.to_sockaddr(to, c.target.is_v4() ? AF_INET : AF_INET6);
    iovec part{train_, count * options_.packet_size};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint16_t))> control{};
    msghdr m{};
    m.msg_name = &to;
    m.msg_namelen = size;
    m.msg_iov = &part;
    m.msg_iovlen = 1;
    m.msg_control = control.data();
    m.msg_controllen = control.size();
    auto* h = CMSG_FIRSTHDR(&m);
    h->cmsg_level = SOL_UDP;
    h->cmsg_type = UDP_SEGMENT;
    h->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto segment = static_cast<std::uint16_t>(options_.packet_size);
    std::memcpy(CMSG_DATA(h), &segment, sizeof segment);
    if (::sendmsg(socket_, &m, 0) >= 0)
      result_.offered += count;
    else
      ++result_.failed_sends;
  }

  void send_each(camera& c, std::size_t count) {
    sockaddr_storage to;
    const auto size = c.target.to_sockaddr(to, c.target.is_v4() ? AF_INET : AF_INET6);
    std::array<std::size_t, 2 * most_segments> order;
    const auto n = inject(order, count);
    std::array<iovec, 2 * most_segments> parts;
    std::array<mmsghdr, 2 * most_segments> messages{};
    for (std::size_t i = 0; i < n; ++i) {
      parts[i] = {packet(order[i]), options_.packet_size};
      messages[i].msg_hdr.msg_name = &to;
      messages[i].msg_hdr.msg_namelen = size;
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (std::size_t done = 0; done < n;) {
      const int sent = ::sendmmsg(socket_, &messages[done], static_cast<unsigned>(n - done), 0);
      if (sent <= 0 && errno == EINTR) continue;
      if (sent <= 0) {
        ++result_.failed_sends;
        return;
      }
      done += static_cast<std::size_t>(sent);
      result_.offered += static_cast<std::uint64_t>(sent);
    }
  }

  // Which packets go out, and in which order.
  std::size_t inject(std::array<std::size_t, 2 * most_segments>& order, std::size_t count) {
    std::size_t n = 0;
    const auto happens = [this](double share) { return share > 0 && chance_(random_) < share; };
    for (std::size_t i = 0; i < count; ++i) {
      if (happens(options_.loss)) {
        ++result_.withheld;
        continue;
      }
      order[n++] = i;
      if (happens(options_.duplicate)) {
        order[n++] = i;
        ++result_.duplicated;
      }
    }
    for (std::size_t i = 1; i < n; ++i)
      if (order[i] != order[i - 1] && happens(options_.reorder)) {
        std::swap(order[i], order[i - 1]);
        ++result_.reordered;
        ++i;
      }
    return n;
  }

  void send_stream(camera& c, std::size_t count) {
    const auto size = count * stride();
    for (std::size_t done = 0; done < size;) {
      const auto sent = ::send(c.connection.get(), train_ + done, size - done, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) {
        ++result_.failed_sends;
        return;
      }
      done += static_cast<std::size_t>(sent);
    }
    result_.offered += count;
  }

  const fleet_options& options_;
  std::span<camera> cameras_;
  std::mt19937_64 random_;
  std::uniform_real_distribution<double> chance_;
  packet_train key_, other_;
  std::uint8_t* train_ = nullptr;  // the packets of one system call
  int socket_;
  bool injects_ = false;
  std::size_t per_call_ = 1;
  fleet_result result_;
};

camera_fleet::camera_fleet(fleet_options options, std::vector<net::endpoint> targets) : options_(options) {
  if (options_.packet_size < 16 || options_.packet_size > largest_datagram)
    throw std::runtime_error("a packet has 16..65507 bytes");
  if (options_.program_stream && options_.spread)
    throw std::runtime_error("frames of a program stream are sent at once, not spread");
  if (options_.frames_per_second == 0 || options_.key_frame_every == 0) throw std::runtime_error("frames: 1 or more");
  cameras_.resize(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    auto& c = cameras_[i];
    c.target = targets[i];
    c.ssrc = static_cast<std::uint32_t>(0x10000000 + i);
    c.sequence = static_cast<std::uint16_t>(i * 97);
    // Key frames of the fleet are spread over the group of pictures, as those of real cameras are.
    c.frame = static_cast<unsigned>(i * 7 % options_.key_frame_every);
    if (options_.tcp) c.connection = tcp_connection(c.target);
  }
  const auto threads = std::clamp<std::size_t>(options_.threads, 1, std::max<std::size_t>(1, targets.size()));
  const bool v4 = targets.empty() || targets[0].is_v4();
  for (std::size_t t = 0; t < threads; ++t) sockets_.push_back(udp_socket(v4 ? AF_INET : AF_INET6));
}

fleet_result camera_fleet::run(std::chrono::milliseconds duration) {
  const auto threads = sockets_.size();
  std::vector<fleet_result> results(threads);
  const auto begin = steady_clock::now() + std::chrono::milliseconds{5};
  {
    std::vector<std::jthread> running;
    for (std::size_t t = 0; t < threads; ++t) {
      const auto first = cameras_.size() * t / threads;
      const auto last = cameras_.size() * (t + 1) / threads;
      running.emplace_back([&, t, first, last] {
        sender s{options_, std::span{cameras_}.subspan(first, last - first), sockets_[t].get(),
                 static_cast<unsigned>(t)};
        results[t] = s.run(begin, begin + duration);
      });
    }
  }
  fleet_result all;
  for (const auto& r : results) {
    all.offered += r.offered;
    all.withheld += r.withheld;
    all.duplicated += r.duplicated;
    all.reordered += r.reordered;
    all.failed_sends += r.failed_sends;
    all.cpu += r.cpu;
    all.elapsed = std::max(all.elapsed, r.elapsed);
    all.lateness.merge(r.lateness);
  }
  return all;
}

}  // namespace berth::bench
