#include "net/rtp/tcp_connections.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace berth::net {
namespace {

constexpr int accepts_per_turn = 16;
constexpr std::uint32_t watched_events = EPOLLIN | EPOLLRDHUP;

}  // namespace

tcp_connections::tcp_connections(poller& poller, io_handler& owner, stream_counters& counters, options o,
                                 frame_sink on_frame, end_sink on_end)
    : poller_(poller),
      owner_(owner),
      counters_(counters),
      options_(o),
      on_frame_(std::move(on_frame)),
      on_end_(std::move(on_end)) {}

void tcp_connections::accept_from(int listener, time_point now) {
  for (int i = 0; i < accepts_per_turn; ++i) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    unique_fd socket{::accept4(listener, reinterpret_cast<sockaddr*>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!socket) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return;
    }
    adopt(std::move(socket), endpoint::from_sockaddr(address), now);
  }
}

bool tcp_connections::adopt(unique_fd socket, const endpoint& peer, time_point now) {
  if (used_ >= options_.max_connections && !make_room()) {
    counters_.tcp_refused.add();
    return false;
  }
  auto free = std::find(slots_.begin(), slots_.end(), nullptr);
  if (free == slots_.end()) free = slots_.insert(slots_.end(), nullptr);
  const auto tag = options_.first_tag + static_cast<std::uint32_t>(free - slots_.begin());
  const auto registration = poller_.add(socket.get(), watched_events, owner_, tag);
  if (registration == poller::none) {
    counters_.tcp_refused.add();
    return false;
  }
  *free = std::make_unique<connection>(
      connection{std::move(socket), registration, peer, tcp_framing{options_.max_frame}, now, false, 0, 0});
  ++used_;
  counters_.tcp_connections.add();
  return true;
}

// The oldest one that has brought nothing acceptable makes room; if all of them have, the newcomer has to go.
bool tcp_connections::make_room() {
  connection* stray = nullptr;
  std::size_t index = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    auto* c = slots_[i].get();
    if (c != nullptr && !c->acceptable && (stray == nullptr || c->since < stray->since)) {
      stray = c;
      index = i;
    }
  }
  if (stray == nullptr) return false;
  counters_.tcp_refused.add();
  close(index);
  return true;
}

void tcp_connections::on_ready(std::uint32_t tag, std::span<std::uint8_t> buffer, time_point now) {
  const std::size_t index = tag - options_.first_tag;
  if (index >= slots_.size() || !slots_[index]) return;
  auto& c = *slots_[index];
  const auto got = ::recv(c.socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)) return;
  if (got <= 0) {
    const int reason = got < 0 ? errno : 0;
    const auto peer = c.peer;
    close(index);
    on_end_(peer, reason);
    return;
  }
  if (static_cast<std::size_t>(got) == buffer.size()) poller_.leave_unfinished();
  c.framing.feed(bytes_view{buffer.data(), static_cast<std::size_t>(got)},
                 [&](const tcp_frame& frame) { c.acceptable |= on_frame_(frame, c.peer, now); });
  counters_.tcp_resyncs.add(c.framing.resyncs() - c.resyncs_seen);
  counters_.tcp_skipped_bytes.add(c.framing.skipped_bytes() - c.skipped_seen);
  c.resyncs_seen = c.framing.resyncs();
  c.skipped_seen = c.framing.skipped_bytes();
}

tcp_connections::connection* tcp_connections::find(const endpoint& peer) const noexcept {
  for (const auto& c : slots_)
    if (c && c->peer == peer) return c.get();
  return nullptr;
}

endpoint tcp_connections::first_peer() const noexcept {
  const connection* oldest = nullptr;
  for (const auto& c : slots_)
    if (c && (oldest == nullptr || c->since < oldest->since)) oldest = c.get();
  return oldest == nullptr ? endpoint{} : oldest->peer;
}

int tcp_connections::socket_of(const endpoint& peer) const noexcept {
  const auto* c = find(peer);
  return c == nullptr ? -1 : c->socket.get();
}

void tcp_connections::watch_for_room(const endpoint& peer, bool wanted) {
  if (const auto* c = find(peer))
    poller_.change(c->socket.get(), c->registration, watched_events | (wanted ? EPOLLOUT : 0U));
}

void tcp_connections::close(std::size_t index) {
  auto& slot = slots_[index];
  poller_.remove(slot->socket.get(), slot->registration);
  slot.reset();
  --used_;
}

void tcp_connections::close_all() {
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (slots_[i]) close(i);
}

}  // namespace berth::net
