#include "net/io/port_pool.hpp"

#include <vector>

namespace berth::net {

std::size_t port_range::pairs() const noexcept {
  const std::uint32_t lowest = (first + 1U) & ~1U;
  return lowest + 1U > last ? 0 : (last - lowest + 1U) / 2U;
}

port_pool::port_pool(port_range range, std::uint32_t start) : range_(range) {
  const auto count = range_.pairs();
  const std::uint32_t lowest = (range_.first + 1U) & ~1U;
  for (std::size_t i = 0; i < count; ++i) {
    const auto port = static_cast<std::uint16_t>(lowest + 2 * ((i + start) % count));
    append(port, pairs_[port]);
  }
}

bool port_pool::in_range(std::uint16_t even_port) const noexcept {
  return even_port >= range_.first && even_port < range_.last;
}

void port_pool::append(std::uint16_t even_port, pair& p) {
  p.now = status::free;
  p.ticket = next_ticket_++;
  order_.push_back({even_port, p.ticket});
  ++free_count_;
}

std::optional<std::uint16_t> port_pool::take() {
  while (!order_.empty()) {
    const auto t = order_.front();
    order_.pop_front();
    const auto found = pairs_.find(t.port);
    if (found == pairs_.end() || found->second.now != status::free || found->second.ticket != t.number) continue;
    found->second.now = status::taken;
    --free_count_;
    return t.port;
  }
  return std::nullopt;
}

bool port_pool::reserve(std::uint16_t port, std::uint16_t width) {
  std::vector<pair*> touched;
  for (std::uint32_t p = even(port); p < std::uint32_t{port} + width; p += 2) {
    const auto found = pairs_.find(even(p));
    if (found == pairs_.end()) continue;
    if (found->second.now == status::taken) return false;
    touched.push_back(&found->second);
  }
  for (auto* p : touched) p->now = status::taken;
  free_count_ -= touched.size();
  return true;
}

void port_pool::unreserve(std::uint16_t port, std::uint16_t width) {
  for (std::uint32_t p = even(port); p < std::uint32_t{port} + width; p += 2) give_back(even(p));
}

void port_pool::give_back(std::uint16_t even_port) {
  const auto found = pairs_.find(even_port);
  if (found == pairs_.end() || found->second.now == status::free) return;
  if (in_range(even_port))
    append(even_port, found->second);
  else
    pairs_.erase(found);
}

void port_pool::set_range(port_range range) {
  if (range == range_) return;
  range_ = range;
  for (auto it = pairs_.begin(); it != pairs_.end();) {
    if (it->second.now == status::free && !in_range(it->first)) {
      it = pairs_.erase(it);
      --free_count_;
    } else {
      ++it;
    }
  }
  const std::uint32_t lowest = (range_.first + 1U) & ~1U;
  for (std::uint32_t p = lowest; p + 1 <= range_.last; p += 2) {
    const auto [it, is_new] = pairs_.try_emplace(static_cast<std::uint16_t>(p));
    if (is_new) append(static_cast<std::uint16_t>(p), it->second);
  }
}

}  // namespace berth::net
