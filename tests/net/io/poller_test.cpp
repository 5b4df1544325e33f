#include "net/io/poller.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <functional>
#include <thread>

#include "tests/support/catch.hpp"

using namespace berth::net;
using namespace std::chrono_literals;

namespace {

const time_point t0{1h};

struct recorder final : io_handler {
  std::function<void(std::uint32_t)> ready = [](std::uint32_t) {};
  std::vector<std::uint32_t> readied;
  std::vector<std::uint32_t> timed;
  void on_ready(std::uint32_t tag, std::uint32_t, time_point) override {
    readied.push_back(tag);
    ready(tag);
  }
  void on_timer(std::uint32_t tag, time_point) override { timed.push_back(tag); }
};

unique_fd readable() { return unique_fd{::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC)}; }

int poll_at(poller& p, time_point now) {
  return p.wait(0s, [&] { return now; });
}

}  // namespace

TEST_CASE("a ready descriptor reaches its handler with its tag") {
  poller p;
  recorder r;
  const auto fd = readable();
  auto key = p.add(fd.get(), EPOLLIN, r, 7);
  CHECK(poll_at(p, t0) == 1);
  CHECK(r.readied == std::vector<std::uint32_t>{7});
  p.remove(fd.get(), key);
  CHECK(key == poller::none);
  CHECK(poll_at(p, t0) == 0);
}

TEST_CASE("an event fetched together with the close of its descriptor does not reach the successor") {
  poller p;
  recorder r;
  unique_fd a = readable();
  unique_fd b = readable();
  poller::key ka = p.add(a.get(), EPOLLIN, r, 1);
  poller::key kb = p.add(b.get(), EPOLLIN, r, 2);
  r.ready = [&](std::uint32_t tag) {
    // Whichever comes first closes the other one and opens a new descriptor, which gets the same number.
    auto& fd = tag == 1 ? b : a;
    auto& key = tag == 1 ? kb : ka;
    p.remove(fd.get(), key);
    const int number = fd.get();
    fd.reset();
    fd = readable();
    REQUIRE(fd.get() == number);
    key = p.add(fd.get(), EPOLLIN, r, 3);
    r.ready = [](std::uint32_t) {};
  };
  poll_at(p, t0);
  CHECK(r.readied.size() == 1);
  CHECK(p.stale_events() == 1);
  poll_at(p, t0);
  CHECK(r.readied.back() == 3);
}

TEST_CASE("timers fire once, in order, when they are due") {
  poller p;
  recorder r;
  p.start_timer(t0 + 2s, r, 2);
  p.start_timer(t0 + 1s, r, 1);
  auto cancelled = p.start_timer(t0 + 1s, r, 9);
  p.cancel_timer(cancelled);
  poll_at(p, t0);
  CHECK(r.timed.empty());
  poll_at(p, t0 + 1s);
  CHECK(r.timed == std::vector<std::uint32_t>{1});
  poll_at(p, t0 + 5s);
  CHECK(r.timed == std::vector<std::uint32_t>{1, 2});
  poll_at(p, t0 + 9s);
  CHECK(r.timed.size() == 2);
}

TEST_CASE("any thread wakes a waiting poller") {
  poller p;
  std::thread other{[&] { p.wake(); }};
  const auto begin = std::chrono::steady_clock::now();
  p.wait(60s, [] { return berth::net::clock::now(); });
  other.join();
  CHECK(std::chrono::steady_clock::now() - begin < 30s);
}
