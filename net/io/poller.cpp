#include "net/io/poller.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace berth::net {
namespace {

constexpr std::size_t events_per_wait = 256;

}  // namespace

poller::poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!epoll_ || !wake_) throw std::system_error(errno, std::generic_category(), "epoll or eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = none;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll_ctl of the eventfd");
}

poller::key poller::take_slot(io_handler& handler, std::uint32_t tag) {
  std::uint32_t index = 0;
  if (free_slots_.empty()) {
    index = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_slots_.back();
    free_slots_.pop_back();
  }
  auto& s = slots_[index];
  s.handler = &handler;
  s.tag = tag;
  return (key{s.generation} << 32) | index;
}

void poller::free_slot(key k) {
  auto& s = slots_[static_cast<std::uint32_t>(k)];
  ++s.generation;
  s.handler = nullptr;
  free_slots_.push_back(static_cast<std::uint32_t>(k));
}

poller::slot* poller::find(key k) {
  const auto index = static_cast<std::uint32_t>(k);
  if (index >= slots_.size()) return nullptr;
  auto& s = slots_[index];
  return s.handler != nullptr && s.generation == static_cast<std::uint32_t>(k >> 32) ? &s : nullptr;
}

poller::key poller::add(int fd, std::uint32_t events, io_handler& handler, std::uint32_t tag) {
  const auto k = take_slot(handler, tag);
  epoll_event event{};
  event.events = events;
  event.data.u64 = k;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    free_slot(k);
    return none;
  }
  ++descriptors_;
  return k;
}

void poller::change(int fd, key registration, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = registration;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void poller::remove(int fd, key& registration) {
  if (registration == none) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  free_slot(registration);
  registration = none;
  --descriptors_;
}

poller::key poller::start_timer(time_point due, io_handler& handler, std::uint32_t tag) {
  const auto k = take_slot(handler, tag);
  timers_.push({due, k});
  return k;
}

void poller::cancel_timer(key& timer) {
  // The heap's entry stays until it is due and then finds its slot's generation gone.
  if (timer != none && find(timer) != nullptr) free_slot(timer);
  timer = none;
}

void poller::wake() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void poller::rest(duration pause) {
  pollfd waker{wake_.get(), POLLIN, 0};
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(pause).count();
  const timespec time{ns / 1'000'000'000, ns % 1'000'000'000};
  ::ppoll(&waker, 1, &time, nullptr);
}

duration poller::timeout_until_timer(duration timeout, time_point now) const {
  if (timers_.empty()) return timeout;
  const auto until = timers_.top().due - now;
  return until < timeout ? std::max(until, duration::zero()) : timeout;
}

int poller::fetch(duration timeout) {
  std::array<epoll_event, events_per_wait> events;
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  const int ready = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), static_cast<int>(ms));
  batch_.clear();
  for (int i = 0; i < ready; ++i) {
    const auto& e = events[static_cast<std::size_t>(i)];
    if (e.data.u64 == none) {
      std::uint64_t drop = 0;
      [[maybe_unused]] const auto got = ::read(wake_.get(), &drop, sizeof drop);
      continue;
    }
    batch_.push_back(e.data.u64);
    batch_.push_back(e.events);
  }
  unfinished_ = ready == static_cast<int>(events.size());
  return static_cast<int>(batch_.size() / 2);
}

void poller::dispatch(int ready, time_point now) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(ready); ++i) {
    if (auto* s = find(batch_[2 * i]))
      s->handler->on_ready(s->tag, static_cast<std::uint32_t>(batch_[2 * i + 1]), now);
    else
      ++stale_events_;
  }
}

void poller::run_timers(time_point now) {
  while (!timers_.empty() && timers_.top().due <= now) {
    const auto k = timers_.top().slot_key;
    timers_.pop();
    auto* s = find(k);
    if (s == nullptr) continue;
    auto* handler = s->handler;
    const auto tag = s->tag;
    free_slot(k);
    handler->on_timer(tag, now);
  }
}

}  // namespace berth::net
