// The node's figures as Prometheus text.
#pragma once

#include <string>

#include "actors/contract/node_stats.hpp"
#include "actors/events/hook_dispatcher.hpp"

namespace berth::api {

/// Text exposition format 0.0.4. Every figure is taken from the answers of the actors that own it: nothing is counted
/// twice, and nothing is kept here.
std::string metrics_text(const actors::node_stats& node, const actors::hook_stats& hooks);

}  // namespace berth::api
