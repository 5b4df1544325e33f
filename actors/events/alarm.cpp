#include "actors/events/alarm.hpp"

#include <cmath>

namespace berth::actors {
namespace {

constexpr int slots_per_window = 10;

std::string percent(double ratio) { return std::to_string(std::lround(ratio * 100)) + " %"; }

}  // namespace

void failure_alarm::record(bool failed, net::time_point now) {
  forget_old(now);
  if (slots_.empty() || now - slots_.back().begin >= limits_.window / slots_per_window) slots_.push_back({now, 0, 0});
  ++slots_.back().tries;
  if (failed) ++slots_.back().failures;
}

void failure_alarm::forget_old(net::time_point now) {
  while (!slots_.empty() && now - slots_.front().begin >= limits_.window) slots_.pop_front();
}

std::optional<alarm_change> failure_alarm::evaluate(net::time_point now) {
  forget_old(now);
  std::size_t tries = 0;
  std::size_t failures = 0;
  for (const auto& s : slots_) {
    tries += s.tries;
    failures += s.failures;
  }
  const double ratio = tries == 0 ? 0 : static_cast<double>(failures) / static_cast<double>(tries);
  const auto change = [&](double threshold) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limits_.window).count();
    return alarm_change{"allocation_failures",
                        std::to_string(failures) + " of " + std::to_string(tries) + " port allocations failed in " +
                            std::to_string(seconds) + " s (" + percent(ratio) + ", threshold " + percent(threshold) +
                            ")",
                        ratio, threshold};
  };
  if (!raised_ && tries >= limits_.min_tries && failures > 0 && ratio >= limits_.raise)
    return raised_ = change(limits_.raise);
  if (raised_ && ratio <= limits_.clear) {
    raised_.reset();
    return change(limits_.clear);
  }
  return std::nullopt;
}

std::optional<alarm_change> pool_alarm::evaluate(std::size_t available, std::size_t size) {
  const double ratio = size == 0 ? 0 : static_cast<double>(available) / static_cast<double>(size);
  const auto change = [&](double threshold) {
    return alarm_change{"port_pool_low",
                        std::to_string(available) + " of " + std::to_string(size) + " port pairs are available (" +
                            percent(ratio) + ", threshold " + percent(threshold) + ")",
                        ratio, threshold};
  };
  if (!raised_ && ratio <= limits_.raise) return raised_ = change(limits_.raise);
  if (raised_ && ratio >= limits_.clear) {
    raised_.reset();
    return change(limits_.clear);
  }
  return std::nullopt;
}

std::vector<node_alarms::change> node_alarms::evaluate(const net::allocator_figures& ports, net::time_point now) {
  std::vector<change> changes;
  const auto add = [&](const auto& alarm, std::optional<alarm_change> changed) {
    if (changed)
      changes.push_back({alarm.raised() ? event_kind::alarm_raised : event_kind::alarm_cleared, std::move(*changed)});
  };
  auto failures = failures_.evaluate(now);
  add(failures_, std::move(failures));
  auto pool = pool_.evaluate(ports.free + ports.resting, ports.size);
  add(pool_, std::move(pool));
  return changes;
}

std::vector<alarm_change> node_alarms::raised() const {
  std::vector<alarm_change> all;
  if (failures_.state()) all.push_back(*failures_.state());
  if (pool_.state()) all.push_back(*pool_.state());
  return all;
}

}  // namespace berth::actors
