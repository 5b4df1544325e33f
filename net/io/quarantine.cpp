#include "net/io/quarantine.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "net/io/socket_factory.hpp"

namespace berth::net {
namespace {

// The kernel's minimum: a resting port needs to know that somebody sends, not what.
constexpr int resting_receive_buffer = 0;
constexpr std::size_t drain_per_sweep = 64;
constexpr std::size_t heard_per_sweep = 256;

}  // namespace

quarantine::quarantine() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw std::system_error(errno, std::generic_category(), "epoll set of the quarantine");
}

void quarantine::put(bound_ports ports, port_past past, time_point now) {
  ports.listener.reset();
  const auto port = ports.port();
  const auto width = ports.width();
  const auto fed_by = past.fed_by;
  entries_.push_back({{port, std::move(past), now, now, 0, fed_by}, std::move(ports)});
  const auto at = std::prev(entries_.end());
  by_port_.emplace(port, at);
  watch(at->ports.rtp.get(), at);
  if (width == 2) {
    by_port_.emplace(static_cast<std::uint16_t>(port + 1), at);
    watch(at->ports.rtcp.get(), at);
  }
}

// The set forgets a descriptor when its entry is taken out: no event of one that is gone comes from it.
void quarantine::watch(int fd, position at) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &*at;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

std::vector<quarantine::entry> quarantine::sweep(duration silence, time_point now, std::size_t most) {
  // What there is to hear beyond this is heard by the next sweep: a fraction of a second is soon enough.
  std::array<epoll_event, heard_per_sweep> events;
  const int heard = entries_.empty() ? 0 : ::epoll_wait(epoll_.get(), events.data(), events.size(), 0);
  for (int i = 0; i < heard; ++i) {
    auto& e = *static_cast<entry*>(events[static_cast<std::size_t>(i)].data.ptr);
    hear(position_of(e), now);
  }
  std::vector<entry> silent;
  for (std::size_t looked = 0; looked < most && is_overdue(silence, now); ++looked) {
    // Nobody is called silent who is only waiting to be heard.
    const auto first = entries_.begin();
    hear(first, now);
    if (now - first->about.last_heard >= silence) silent.push_back(extract(first));
  }
  return silent;
}

// Reads what has arrived; whoever was heard goes to the end of the line.
void quarantine::hear(position at, time_point now) {
  const auto media = drain_udp(at->ports.rtp.get(), drain_per_sweep);
  // RTCP alone keeps a port busy as well, but it does not name the media source.
  const auto reports = at->ports.rtcp ? drain_udp(at->ports.rtcp.get(), drain_per_sweep) : drained{};
  if (media.datagrams + reports.datagrams == 0) return;
  const auto drops = kernel_drops(at->ports.rtp.get());
  if (!at->drops_counted) {
    // Most ports hear nothing, and need no smaller buffers.
    set_receive_buffer(at->ports.rtp.get(), resting_receive_buffer);
    if (at->ports.rtcp) set_receive_buffer(at->ports.rtcp.get(), resting_receive_buffer);
  }
  at->about.datagrams += media.datagrams + reports.datagrams + (drops - at->drops_counted.value_or(drops));
  at->drops_counted = drops;
  at->about.past.hear(media.senders);
  if (!media.senders.empty())
    at->about.sender.hear(media.senders.last());
  else if (!at->about.sender.is_set())
    at->about.sender.from = reports.senders.last().from;
  at->about.last_heard = now;
  entries_.splice(entries_.end(), entries_, at);
}

const quarantine::entry* quarantine::find(const endpoint& local) const {
  const auto [from, to] = by_port_.equal_range(local.port());
  const auto at = std::find_if(from, to, [&](const auto& p) { return p.second->ports.local == local; });
  return at == to ? nullptr : &*at->second;
}

std::optional<quarantine::entry> quarantine::take(const endpoint& local) {
  const auto [from, to] = by_port_.equal_range(local.port());
  const auto in_the_way = std::find_if(from, to, [&](const auto& p) {
    const auto& held = p.second->ports.local;
    return held.same_address(local) || held.is_any() || local.is_any();
  });
  if (in_the_way == to) return std::nullopt;
  return extract(in_the_way->second);
}

std::optional<quarantine::entry> quarantine::take_longest_silent(const port_range& range) {
  const auto at = std::find_if(entries_.begin(), entries_.end(), [&](const entry& e) {
    return range.contains(e.ports.port()) ||
           (e.ports.width() == 2 && range.contains(static_cast<std::uint16_t>(e.ports.port() + 1)));
  });
  if (at == entries_.end()) return std::nullopt;
  return extract(at);
}

std::vector<resting_port> quarantine::list(std::optional<std::uint16_t> after, std::size_t most) const {
  std::vector<resting_port> some;
  for (auto at = after ? by_port_.upper_bound(*after) : by_port_.begin(); at != by_port_.end(); ++at) {
    if (some.size() >= most && (some.empty() || at->first != some.back().port)) break;
    if (at->first == at->second->about.port) some.push_back(at->second->about);
  }
  return some;
}

quarantine::position quarantine::position_of(const entry& e) {
  const auto [from, to] = by_port_.equal_range(e.about.port);
  return std::find_if(from, to, [&](const auto& p) { return &*p.second == &e; })->second;
}

quarantine::entry quarantine::extract(position at) {
  const auto forget = [&](std::uint16_t port) {
    const auto [from, to] = by_port_.equal_range(port);
    by_port_.erase(std::find_if(from, to, [&](const auto& p) { return p.second == at; }));
  };
  forget(at->about.port);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, at->ports.rtp.get(), nullptr);
  if (at->ports.rtcp) {
    forget(static_cast<std::uint16_t>(at->about.port + 1));
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, at->ports.rtcp.get(), nullptr);
  }
  entry e = std::move(*at);
  entries_.erase(at);
  return e;
}

}  // namespace berth::net
