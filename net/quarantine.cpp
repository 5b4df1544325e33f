#include "net/quarantine.hpp"

#include <algorithm>

#include "net/socket_factory.hpp"

namespace berth::net {
namespace {

// The kernel's minimum: a resting port needs to know that somebody sends, not what.
constexpr int resting_receive_buffer = 0;
constexpr std::size_t drain_per_sweep = 64;

}  // namespace

void quarantine::put(bound_ports ports, std::string former_stream, const endpoint& former_source, time_point now) {
  ports.listener.reset();
  set_receive_buffer(ports.rtp.get(), resting_receive_buffer);
  if (ports.rtcp) set_receive_buffer(ports.rtcp.get(), resting_receive_buffer);
  const auto drops = kernel_drops(ports.rtp.get());
  const auto port = ports.port();
  const auto width = ports.width();
  entries_.push_back({{port, std::move(former_stream), now, now, 0, former_source}, std::move(ports), drops});
  const auto at = std::prev(entries_.end());
  by_port_[port] = at;
  if (width == 2) by_port_[static_cast<std::uint16_t>(port + 1)] = at;
}

std::vector<quarantine::entry> quarantine::sweep(duration silence, time_point now) {
  // Entries that were heard go to the end, behind all that this walk still has to visit.
  auto next = entries_.begin();
  for (auto left = entries_.size(); left > 0; --left) {
    const auto at = next++;
    auto heard = drain_udp(at->ports.rtp.get(), drain_per_sweep);
    // RTCP alone keeps a port busy as well, but it does not name the media source.
    const auto reports = at->ports.rtcp ? drain_udp(at->ports.rtcp.get(), drain_per_sweep) : drained{};
    if (heard.datagrams + reports.datagrams == 0) continue;
    const auto drops = kernel_drops(at->ports.rtp.get());
    at->about.datagrams += heard.datagrams + reports.datagrams + (drops - at->drops_counted);
    at->drops_counted = drops;
    if (heard.datagrams > 0)
      at->about.sender = heard.last_sender;
    else if (!at->about.sender.is_set())
      at->about.sender = reports.last_sender;
    at->about.last_heard = now;
    entries_.splice(entries_.end(), entries_, at);
    if (next == entries_.end()) next = at;
  }
  std::vector<entry> silent;
  while (!entries_.empty() && now - entries_.front().about.last_heard >= silence)
    silent.push_back(extract(entries_.begin()));
  return silent;
}

std::optional<quarantine::entry> quarantine::take(std::uint16_t port) {
  const auto found = by_port_.find(port);
  if (found == by_port_.end()) return std::nullopt;
  return extract(found->second);
}

std::optional<quarantine::entry> quarantine::take_longest_silent(bool pooled_only) {
  const auto at =
      std::find_if(entries_.begin(), entries_.end(), [&](const entry& e) { return !pooled_only || e.ports.pooled; });
  if (at == entries_.end()) return std::nullopt;
  return extract(at);
}

std::vector<resting_port> quarantine::list() const {
  std::vector<resting_port> all;
  all.reserve(entries_.size());
  for (const auto& e : entries_) all.push_back(e.about);
  return all;
}

quarantine::entry quarantine::extract(position at) {
  by_port_.erase(at->about.port);
  if (at->ports.rtcp) by_port_.erase(static_cast<std::uint16_t>(at->about.port + 1));
  entry e = std::move(*at);
  entries_.erase(at);
  return e;
}

}  // namespace berth::net
