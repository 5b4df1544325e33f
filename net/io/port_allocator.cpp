#include "net/io/port_allocator.hpp"

#include <algorithm>
#include <utility>

namespace berth::net {
namespace {

// More than a full receive buffer of small datagrams can hold: the queue is empty afterwards.
constexpr std::size_t drain_before_reuse = 16384;
// A socket takes microseconds to close, and streams that were closed together have been silent together.
constexpr std::size_t most_closed_at_once = 64;
// A program that has taken ports of the range keeps them; until they are tried again they cost nobody anything.
constexpr duration set_aside_for = std::chrono::minutes{1};
constexpr udp_options rtcp_socket{.receive_buffer = 64 * 1024, .media = false};

bool is_of_address(errc code) noexcept { return code == errc::address_not_local || code == errc::bad_address; }

std::uint16_t width_of(const port_request& request) { return request.with_rtcp ? 2 : 1; }

}  // namespace

port_allocator::port_allocator(socket_factory& sockets, allocator_options options, std::uint32_t start)
    : sockets_(sockets), options_(options), pool_(options.range, start) {}

result<allocation, error> port_allocator::allocate(const port_request& request, time_point now) {
  ++requests_;
  auto made = request.local.port() == 0 ? allocate_from_pool(request, now) : allocate_exactly(request);
  if (!made) {
    ++refused_;
    return made;
  }
  ++granted_;
  pool_.hold(made->ports.port(), made->ports.width(), port_use::lease);
  return made;
}

// A free pair as long as there is one. Under pressure the longest-silent one goes first: a risk, but a smaller one than
// no port at all. In the end those are tried again that somebody else was seen to have.
result<allocation, error> port_allocator::allocate_from_pool(const port_request& request, time_point now) {
  allocation a;
  error last;
  resting_port let_go_for_it;
  const auto try_pair = [&](std::uint16_t port) {
    auto made = bind(request, request.local.with_port(port));
    if (made) {
      a.ports = std::move(*made);
      if (port == (let_go_for_it.port & ~1)) a.past = std::move(let_go_for_it.past);
      return true;
    }
    ++a.failed_attempts;
    last = fail(made.error());
    if (last.code == errc::address_in_use) pool_.set_aside(port, now + set_aside_for);
    return false;
  };
  for (;;) {
    while (const auto port = pool_.first_free()) {
      if (try_pair(*port)) return a;
      if (last.code == errc::no_descriptors && make_room()) continue;
      if (last.code != errc::address_in_use) return failure{last};
    }
    // Nobody's rest ends for an address that can not be had.
    if (quarantine_.size() > 0)
      if (auto probe = sockets_.bind_udp(request.local, rtcp_socket); !probe && is_of_address(probe.error().code))
        return failure{fail(probe.error())};
    auto rested = quarantine_.take_longest_silent(pool_.range());
    if (!rested) break;
    ++taken_early_;
    if (is_of_pool(rested->ports.port()) && fits(*rested, request)) {
      auto listener = listener_for(request, rested->ports.local);
      if (listener) return reuse(std::move(*rested), std::move(*listener));
      ++a.failed_attempts;
      last = fail(listener.error());
    }
    // Its pair is the only free one now, if it has one.
    let_go_for_it = rested->about;
    let_go(std::move(*rested));
  }
  const auto most = std::min(options_.bind_attempts, pool_.aside());
  for (std::size_t i = 0; i < most; ++i) {
    if (try_pair(*pool_.first_aside())) return a;
    if (last.code != errc::address_in_use) return failure{last};
  }
  if (a.failed_attempts == 0) return failure{fail({errc::pool_exhausted, "no port left: " + figures_text()})};
  last.text = std::to_string(a.failed_attempts) + " ports could not be bound, the last one: " + last.text + " (" +
              figures_text() + ")";
  return failure{last};
}

// What can fail does so while nobody's rest is touched, wherever that is possible.
result<allocation, error> port_allocator::allocate_exactly(const port_request& request) {
  const auto& local = request.local;
  auto listener = listener_for(request, local);
  if (!listener) return failure{fail(listener.error())};
  if (const auto* same = quarantine_.find(local); same != nullptr && fits(*same, request))
    return reuse(*quarantine_.take(local), std::move(*listener));

  allocation a;
  a.ports.local = local;
  a.ports.listener = std::move(*listener);
  struct wanted {
    unique_fd* socket;
    endpoint at;
    const udp_options* options;
  };
  std::vector<wanted> sockets{{&a.ports.rtp, local, &options_.udp}};
  if (request.with_rtcp)
    sockets.push_back({&a.ports.rtcp, local.with_port(static_cast<std::uint16_t>(local.port() + 1)), &rtcp_socket});
  std::stable_partition(sockets.begin(), sockets.end(), [&](const auto& w) { return !quarantine_.holds(w.at.port()); });
  for (auto& w : sockets) {
    auto made = sockets_.bind_udp(w.at, *w.options);
    // A rest that has the number at another address may not be in the way; one that is has to end.
    while (!made && made.error().code == errc::address_in_use) {
      auto rested = quarantine_.take(w.at);
      if (!rested) break;
      if (rested->ports.port() == local.port()) {
        if (a.past.stream.empty())
          a.past = std::move(rested->about.past);
        else
          a.past.join(rested->about.past);
      }
      let_go(std::move(*rested));
      made = sockets_.bind_udp(w.at, *w.options);
    }
    if (!made) return failure{fail(whose(made.error(), w.at.port()))};
    *w.socket = std::move(*made);
  }
  return a;
}

// A number that is in use, and by whom.
error port_allocator::whose(error e, std::uint16_t port) const {
  if (e.code == errc::address_in_use)
    e.text += ": port " + std::to_string(port) +
              (pool_.is_leased(port) ? " belongs to another stream" : " belongs to another program");
  return e;
}

result<unique_fd, error> port_allocator::listener_for(const port_request& request, const endpoint& local) {
  return request.with_tcp ? sockets_.listen_tcp(local) : result<unique_fd, error>{unique_fd{}};
}

result<bound_ports, error> port_allocator::bind(const port_request& request, const endpoint& local) {
  bound_ports ports;
  ports.local = local;
  auto rtp = sockets_.bind_udp(local, options_.udp);
  if (!rtp) return failure{rtp.error()};
  ports.rtp = std::move(*rtp);
  if (request.with_rtcp) {
    auto rtcp = sockets_.bind_udp(local.with_port(static_cast<std::uint16_t>(local.port() + 1)), rtcp_socket);
    if (!rtcp) return failure{rtcp.error()};
    ports.rtcp = std::move(*rtcp);
  }
  auto listener = listener_for(request, local);
  if (!listener) return failure{listener.error()};
  ports.listener = std::move(*listener);
  return ports;
}

bool port_allocator::fits(const quarantine::entry& rested, const port_request& request) noexcept {
  const auto& ports = rested.ports;
  const bool other_port = request.local.port() != 0 && request.local.port() != ports.port();
  return !other_port && ports.local.same_address(request.local) && ports.width() == width_of(request);
}

bool port_allocator::is_of_pool(std::uint16_t port) const noexcept {
  return port % 2 == 0 && port >= options_.range.first && port < options_.range.last;
}

// The descriptors go over as they are, so that no other program can slip in between; what waits in their queues belongs
// to the stream of before and is thrown away.
allocation port_allocator::reuse(quarantine::entry rested, unique_fd listener) {
  allocation a;
  auto& ports = a.ports = std::move(rested.ports);
  ports.listener = std::move(listener);
  pool_.let_go(ports.port(), ports.width(), port_use::rest);
  const auto waiting = drain_udp(ports.rtp.get(), drain_before_reuse);
  set_receive_buffer(ports.rtp.get(), options_.udp.receive_buffer);
  if (ports.rtcp) {
    drain_udp(ports.rtcp.get(), drain_before_reuse);
    set_receive_buffer(ports.rtcp.get(), rtcp_socket.receive_buffer);
  }
  a.past = std::move(rested.about.past);
  a.past.hear(waiting.senders);
  ports.drops_before = kernel_drops(ports.rtp.get());
  return a;
}

// Resting ports hold descriptors too, and a new stream matters more.
bool port_allocator::make_room() {
  auto rested = quarantine_.take_longest_silent({0, 65535});
  if (!rested) return false;
  ++taken_early_;
  let_go(std::move(*rested));
  return true;
}

void port_allocator::release(bound_ports ports, port_past past, time_point now) {
  pool_.let_go(ports.port(), ports.width(), port_use::lease);
  if (options_.silence <= duration::zero()) return;
  pool_.hold(ports.port(), ports.width(), port_use::rest);
  quarantine_.put(std::move(ports), std::move(past), now);
}

bool port_allocator::sweep(time_point now) {
  pool_.end_set_aside(now);
  for (auto& e : quarantine_.sweep(options_.silence, now, most_closed_at_once)) let_go(std::move(e));
  return quarantine_.is_overdue(options_.silence, now);
}

void port_allocator::clear() {
  while (auto rested = quarantine_.take_longest_silent({0, 65535})) let_go(std::move(*rested));
}

void port_allocator::let_go(quarantine::entry e) {
  pool_.let_go(e.ports.port(), e.ports.width(), port_use::rest);
  e.ports = {};
}

void port_allocator::set_options(const allocator_options& options) {
  options_ = options;
  pool_.set_range(options.range);
}

error port_allocator::fail(error e) {
  ++failures_[static_cast<std::size_t>(e.code)];
  return e;
}

std::string port_allocator::figures_text() const {
  const auto n = [](std::size_t count) { return std::to_string(count); };
  return "range " + n(pool_.range().first) + "-" + n(pool_.range().last) + " has " + n(pool_.size()) + " pairs, " +
         n(pool_.free()) + " free, " + n(pool_.leased()) + " in use, " + n(pool_.resting()) + " resting, " +
         n(pool_.aside()) + " of another program";
}

allocator_figures port_allocator::figures() const {
  return {pool_.range(),   pool_.size(), pool_.free(), pool_.leased(), pool_.resting(), pool_.aside(),
          pool_.outside(), requests_,    granted_,     refused_,       taken_early_,    failures_};
}

}  // namespace berth::net
