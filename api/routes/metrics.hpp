// The node's figures as Prometheus text.
#pragma once

#include <string>
#include <vector>

#include "actors/contract/node_stats.hpp"
#include "actors/events/hook_dispatcher.hpp"
#include "net/base/time.hpp"

namespace berth::api {

/// What one thread did in the last second.
struct thread_load {
  std::string name;
  double busy = 0;               ///< share of a processor's time
  net::duration longest_turn{};  ///< nobody else was served on it meanwhile; 0 where it is not measured
};

/// Text exposition format 0.0.4. Every figure is taken from the answers of the actors that own it: nothing is counted
/// twice, and nothing is kept here.
std::string metrics_text(const actors::node_stats& node, const actors::hook_stats& hooks,
                         const std::vector<thread_load>& threads);

}  // namespace berth::api
