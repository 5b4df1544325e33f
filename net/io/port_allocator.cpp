#include "net/io/port_allocator.hpp"

namespace berth::net {
namespace {

// More than a full receive buffer of small datagrams can hold: the queue is empty afterwards.
constexpr std::size_t drain_before_reuse = 16384;
// A socket takes microseconds to close, and streams that were closed together have been silent together.
constexpr std::size_t most_closed_at_once = 64;
constexpr udp_options rtcp_socket{.receive_buffer = 64 * 1024, .media = false};

std::uint16_t width_of(const port_request& request) { return request.with_rtcp ? 2 : 1; }

}  // namespace

port_allocator::port_allocator(socket_factory& sockets, allocator_options options, std::uint32_t start)
    : sockets_(sockets), options_(options), pool_(options.range, start) {}

result<allocation, error> port_allocator::allocate(const port_request& request, time_point now) {
  ++requests_;
  auto made = request.local.port() == 0 ? allocate_from_pool(request, now) : allocate_exactly(request, now);
  if (made) {
    ++granted_;
    ++leased_;
  } else {
    ++refused_;
  }
  return made;
}

result<allocation, error> port_allocator::allocate_from_pool(const port_request& request, time_point) {
  error last;
  for (std::size_t attempt = 0; attempt < options_.bind_attempts; ++attempt) {
    auto port = pool_.take();
    if (!port) {
      // Under pressure the longest-silent port goes first: a risk, but a smaller one than no port at all.
      auto rested = quarantine_.take_longest_silent(true);
      if (!rested) {
        if (attempt > 0) break;
        return failure{fail({errc::pool_exhausted, "no port left: " + figures_text()})};
      }
      ++taken_early_;
      allocation a;
      a.failed_attempts = attempt;
      if (reuse(*rested, request, a)) return a;
      port = rested->ports.port();
      rested->ports = {};
    }
    auto made = bind(request, request.local.with_port(*port));
    if (made) {
      made->pooled = true;
      allocation a;
      a.ports = std::move(*made);
      a.failed_attempts = attempt;
      return a;
    }
    pool_.give_back(*port);
    last = fail(made.error());
    if (last.code == errc::no_descriptors) {
      // Resting ports hold descriptors too, and a new stream matters more.
      auto rested = quarantine_.take_longest_silent(false);
      if (!rested) return failure{last};
      ++taken_early_;
      let_go(std::move(*rested));
    } else if (last.code != errc::address_in_use) {
      return failure{last};
    }
  }
  last.text = std::to_string(options_.bind_attempts) +
              " ports in a row could not be bound, the last one: " + last.text + " (" + figures_text() + ")";
  return failure{last};
}

result<allocation, error> port_allocator::allocate_exactly(const port_request& request, time_point) {
  const auto port = request.local.port();
  const auto width = width_of(request);
  // A pair at rest is given at once. Its neighbour may rest too when the wanted port is an odd one.
  auto rested = quarantine_.take(port);
  if (rested && rested->ports.port() == port && rested->ports.width() == width) {
    allocation as_it_is;
    if (reuse(*rested, request, as_it_is)) return as_it_is;
  }
  allocation a;
  if (rested) {
    a.past = std::move(rested->about.past);
    let_go(std::move(*rested));
  }
  if (width == 2) {
    if (auto neighbour = quarantine_.take(static_cast<std::uint16_t>(port + 1))) let_go(std::move(*neighbour));
  }
  if (!pool_.reserve(port, width))
    return failure{fail({errc::address_in_use, "port " + std::to_string(port) + " belongs to another stream"})};
  auto made = bind(request, request.local);
  if (!made) {
    pool_.unreserve(port, width);
    return failure{fail(made.error())};
  }
  a.ports = std::move(*made);
  return a;
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
  if (request.with_tcp) {
    auto listener = sockets_.listen_tcp(local);
    if (!listener) return failure{listener.error()};
    ports.listener = std::move(*listener);
  }
  return ports;
}

// The descriptors go over as they are, so that no other program can slip in between; what waits in their queues belongs
// to the stream of before and is thrown away.
bool port_allocator::reuse(quarantine::entry& rested, const port_request& request, allocation& out) {
  auto& ports = rested.ports;
  if (!ports.local.same_address(request.local) || ports.width() != width_of(request)) return false;
  if (request.with_tcp) {
    auto listener = sockets_.listen_tcp(ports.local);
    if (!listener) {
      fail(listener.error());
      return false;
    }
    ports.listener = std::move(*listener);
  }
  const auto waiting = drain_udp(ports.rtp.get(), drain_before_reuse);
  set_receive_buffer(ports.rtp.get(), options_.udp.receive_buffer);
  if (ports.rtcp) {
    drain_udp(ports.rtcp.get(), drain_before_reuse);
    set_receive_buffer(ports.rtcp.get(), rtcp_socket.receive_buffer);
  }
  out.past = std::move(rested.about.past);
  out.past.hear(waiting.senders);
  ports.drops_before = kernel_drops(ports.rtp.get());
  out.ports = std::move(ports);
  return true;
}

void port_allocator::release(bound_ports ports, port_past past, time_point now) {
  --leased_;
  if (options_.silence > duration::zero())
    quarantine_.put(std::move(ports), std::move(past), now);
  else
    give_back(ports);
}

bool port_allocator::sweep(time_point now) {
  for (auto& e : quarantine_.sweep(options_.silence, now, most_closed_at_once)) let_go(std::move(e));
  return quarantine_.is_overdue(options_.silence, now);
}

void port_allocator::clear() {
  while (auto rested = quarantine_.take_longest_silent(false)) let_go(std::move(*rested));
}

void port_allocator::let_go(quarantine::entry e) { give_back(e.ports); }

void port_allocator::give_back(const bound_ports& ports) {
  if (ports.pooled)
    pool_.give_back(ports.port());
  else
    pool_.unreserve(ports.port(), ports.width());
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
  return "range " + std::to_string(pool_.range().first) + "-" + std::to_string(pool_.range().last) + " has " +
         std::to_string(pool_.size()) + " pairs, " + std::to_string(pool_.free()) + " free, " +
         std::to_string(leased_) + " in use, " + std::to_string(quarantine_.size()) + " resting";
}

allocator_figures port_allocator::figures() const {
  return {pool_.range(), pool_.size(), pool_.free(), leased_,      quarantine_.size(),
          requests_,     granted_,     refused_,     taken_early_, failures_};
}

}  // namespace berth::net
