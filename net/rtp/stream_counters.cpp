#include "net/rtp/stream_counters.hpp"

#include <algorithm>
#include <numeric>

namespace berth::net {

counter_values::counter_values(const stream_counters& read) noexcept {
  for (std::size_t i = 0; i < stream_figures<counter>.size(); ++i)
    this->*stream_figures<std::uint64_t>[i].value = (read.*stream_figures<counter>[i].value).value();
  std::transform(read.refused.begin(), read.refused.end(), refused.begin(), [](const auto& c) { return c.value(); });
}

std::uint64_t counter_values::refused_total() const noexcept {
  return std::accumulate(refused.begin(), refused.end(), std::uint64_t{0});
}

counter_values& counter_values::operator+=(const counter_values& other) noexcept {
  const auto jitter = std::max(jitter_us, other.jitter_us);
  const auto loss = std::max(loss_ppm, other.loss_ppm);
  for (const auto& f : stream_figures<std::uint64_t>) this->*f.value += other.*f.value;
  jitter_us = jitter;
  loss_ppm = loss;
  std::transform(refused.begin(), refused.end(), other.refused.begin(), refused.begin(), std::plus<>{});
  return *this;
}

}  // namespace berth::net
