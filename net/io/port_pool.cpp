#include "net/io/port_pool.hpp"

#include <algorithm>
#include <iterator>

namespace berth::net {
namespace {

constexpr std::size_t index_of(port_use use) noexcept { return static_cast<std::size_t>(use); }

// Behind the last port that is held: 65536 is none.
constexpr std::uint32_t end_of(std::uint16_t port, std::uint16_t width) noexcept {
  return std::min<std::uint32_t>(std::uint32_t{port} + width, 65536);
}

constexpr std::uint32_t lowest_of(const port_range& range) noexcept { return (range.first + 1U) & ~1U; }

}  // namespace

std::size_t port_range::pairs() const noexcept {
  const auto lowest = lowest_of(*this);
  return lowest + 1U > last ? 0 : (last - lowest + 1U) / 2U;
}

port_pool::port_pool(port_range range, std::uint32_t start) : range_(range) {
  const auto count = range_.pairs();
  for (std::size_t i = 0; i < count; ++i) at(static_cast<std::uint16_t>(lowest_of(range_) + 2 * ((i + start) % count)));
}

bool port_pool::in_range(std::uint16_t even_port) const noexcept {
  return even_port >= range_.first && even_port < range_.last;
}

std::optional<std::uint16_t> port_pool::first_free() const {
  return free_.empty() ? std::nullopt : std::optional{free_.front()};
}

std::optional<std::uint16_t> port_pool::first_aside() const {
  return aside_.empty() ? std::nullopt : std::optional{aside_.front()};
}

port_pool::state port_pool::state_of(std::uint16_t even_port, const pair& p) const noexcept {
  if (!in_range(even_port)) return state::outside;
  if (p.held[index_of(port_use::lease)] > 0) return state::leased;
  if (p.held[index_of(port_use::rest)] > 0) return state::resting;
  return p.is_aside ? state::aside : state::free;
}

// The pair, made if it is not known yet.
port_pool::pair& port_pool::at(std::uint16_t even_port) {
  const auto [found, is_new] = pairs_.try_emplace(even_port);
  if (is_new) {
    ++counts_[static_cast<std::size_t>(state::outside)];
    settle(found);
  }
  return found->second;
}

// What has changed about a pair is counted, and one that nothing keeps goes.
void port_pool::settle(pairs::iterator which) {
  auto& [port, p] = *which;
  const auto before = p.now;
  if (p.held[index_of(port_use::lease)] + p.held[index_of(port_use::rest)] > 0 || !in_range(port)) p.is_aside = false;
  p.now = state_of(port, p);
  if (p.now == before) return;
  --counts_[static_cast<std::size_t>(before)];
  ++counts_[static_cast<std::size_t>(p.now)];
  if (before == state::free) free_.erase(p.at);
  if (before == state::aside) aside_.erase(p.at);
  if (p.now == state::free) p.at = free_.insert(free_.end(), port);
  if (p.now == state::aside) p.at = aside_.insert(aside_.end(), port);
}

void port_pool::hold(std::uint16_t port, std::uint16_t width, port_use use) {
  for (std::uint32_t p = even(port); p < end_of(port, width); p += 2) {
    ++at(even(p)).held[index_of(use)];
    settle(pairs_.find(even(p)));
  }
}

void port_pool::let_go(std::uint16_t port, std::uint16_t width, port_use use) {
  for (std::uint32_t p = even(port); p < end_of(port, width); p += 2) {
    const auto found = pairs_.find(even(p));
    if (found == pairs_.end() || found->second.held[index_of(use)] == 0) continue;
    --found->second.held[index_of(use)];
    settle(found);
    if (found->second.now != state::outside || found->second.held != decltype(pair::held){}) continue;
    --counts_[static_cast<std::size_t>(state::outside)];
    pairs_.erase(found);
  }
}

bool port_pool::is_leased(std::uint16_t port) const {
  const auto found = pairs_.find(even(port));
  return found != pairs_.end() && found->second.held[index_of(port_use::lease)] > 0;
}

void port_pool::set_aside(std::uint16_t even_port, time_point until) {
  const auto found = pairs_.find(even_port);
  if (found == pairs_.end()) return;
  auto& p = found->second;
  // One that was set aside already goes to the end.
  if (p.now == state::aside) aside_.splice(aside_.end(), aside_, p.at);
  p.is_aside = true;
  p.until = until;
  settle(found);
}

void port_pool::end_set_aside(time_point now) {
  while (!aside_.empty()) {
    const auto found = pairs_.find(aside_.front());
    if (found->second.until > now) return;
    found->second.is_aside = false;
    settle(found);
  }
}

void port_pool::set_range(port_range range) {
  if (range == range_) return;
  range_ = range;
  for (auto it = pairs_.begin(); it != pairs_.end();) {
    settle(it);
    const bool kept = it->second.now != state::outside || it->second.held != decltype(pair::held){};
    if (!kept) --counts_[static_cast<std::size_t>(state::outside)];
    it = kept ? std::next(it) : pairs_.erase(it);
  }
  for (auto p = lowest_of(range_); p + 1 <= range_.last; p += 2) at(static_cast<std::uint16_t>(p));
}

}  // namespace berth::net
