#include "bench/churn_load.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

#include "bench/api_client.hpp"
#include "net/base/bytes.hpp"
#include "net/base/unique_fd.hpp"

namespace berth::bench {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto latest = 5s;
constexpr auto look_interval = 10ms;
constexpr auto sample_interval = 200ms;

void send_packets(int fd, const net::endpoint& to, std::size_t count, std::uint32_t ssrc) {
  sockaddr_storage address;
  const auto size = to.to_sockaddr(address, to.is_v4() ? AF_INET : AF_INET6);
  std::array<std::uint8_t, 212> packet{0x80, 96};
  net::store_be32(&packet[8], ssrc);
  for (std::size_t i = 0; i < count; ++i) {
    net::store_be16(&packet[2], static_cast<std::uint16_t>(i));
    ::sendto(fd, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&address), size);
  }
}

}  // namespace

double churn_result::bytes_per_stream() const {
  const auto half = memory.size() / 2;
  const auto n = static_cast<double>(memory.size() - half);
  if (n < 3 || opened == 0) return 0;
  double x = 0, y = 0, xx = 0, xy = 0;
  for (auto i = half; i < memory.size(); ++i) {
    x += memory[i].first, y += memory[i].second;
    xx += memory[i].first * memory[i].first, xy += memory[i].first * memory[i].second;
  }
  const double per_second = (n * xy - x * y) / (n * xx - x * x);
  return per_second * memory.back().first / static_cast<double>(opened);
}

churn_load::churn_load(const service_address& to, const churn_options& options) : to_(to), options_(options) {
  if (to_.pid != 0) result_.before = process_meter{to_.pid}.read();
}

churn_load::~churn_load() {
  ending_ = true;
  if (driver_.joinable()) driver_.join();
  if (watcher_.joinable()) watcher_.join();
}

void churn_load::start() {
  driver_ = std::thread{[this] { drive(); }};
  watcher_ = std::thread{[this] { watch(); }};
}

churn_result churn_load::stop() {
  ending_ = true;
  driver_.join();
  watcher_.join();
  if (to_.pid != 0) result_.after = process_meter{to_.pid}.read();
  return std::move(result_);
}

void churn_load::drive() {
  if (options_.processor >= 0) pin_this_thread(options_.processor);
  api_client client{to_};
  net::unique_fd sender{::socket(to_.http.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  const auto begin = steady_clock::now();
  const auto interval = std::chrono::duration<double>(1 / options_.opens_per_second);
  const auto share = static_cast<std::uint64_t>(options_.left_alone * 1000);
  auto next_sample = begin;
  for (std::uint64_t i = 0; !ending_; ++i) {
    std::this_thread::sleep_until(begin + std::chrono::duration_cast<steady_clock::duration>(interval * i));
    const auto id = "churn" + std::to_string(i);
    const auto asked = steady_clock::now();
    const auto port = client.open(id, "&timeout_sec=" + std::to_string(options_.timeout_sec));
    result_.open_latency.record(steady_clock::now() - asked);
    if (!port) {
      ++result_.failed_opens;
      continue;
    }
    ++result_.opened;
    send_packets(sender.get(), to_.http.with_port(*port), options_.packets, static_cast<std::uint32_t>(i + 1));
    if (i * 997 % 1000 < share) {
      const std::lock_guard lock{mutex_};
      left_.push_back({id, steady_clock::now() + std::chrono::seconds{options_.timeout_sec}});
    } else if (client.close(id)) {
      ++result_.closed;
      // After a close has answered, nobody sees the stream.
      if (client.query(id).value_or(true)) ++result_.wrong_answers;
    } else {
      ++result_.failed_closes;
    }
    if (to_.pid != 0 && steady_clock::now() >= next_sample) {
      next_sample += sample_interval;
      result_.memory.emplace_back(std::chrono::duration<double>(steady_clock::now() - begin).count(),
                                  static_cast<double>(process_meter{to_.pid}.read().anonymous_bytes));
    }
  }
  driven_ = true;
}

void churn_load::watch() {
  api_client client{to_};
  for (;;) {
    std::deque<left_stream> due;
    bool empty = false;
    {
      const std::lock_guard lock{mutex_};
      const auto now = steady_clock::now();
      while (!left_.empty() && left_.front().deadline <= now) {
        due.push_back(std::move(left_.front()));
        left_.pop_front();
      }
      empty = left_.empty();
    }
    if (due.empty() && empty && driven_) return;
    for (auto& s : due) {
      const auto exists = client.query(s.id);
      const auto late = steady_clock::now() - s.deadline;
      if (exists == false) {
        ++result_.taken_back;
        result_.reclaim.record(late);
      } else if (late > latest) {
        ++result_.never_taken_back;
      } else {
        const std::lock_guard lock{mutex_};
        left_.push_front(std::move(s));
      }
    }
    std::this_thread::sleep_for(look_interval);
  }
}

}  // namespace berth::bench
