// The figures of the whole node, added up while it goes on living.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "actors/contract/node_stats.hpp"
#include "actors/supervisor/registry.hpp"

namespace berth::actors {

/// Sums what all streams have counted, a part of the streams at a time, so that nobody waits long behind it. Streams come
/// and go between the parts: one that ends is counted once, whether it has been visited or not, so that no total is ever
/// smaller than it was in the answer before.
/// Owned by the supervisor and touched only there. Who asks is bounded by the connections that do.
class tally {
 public:
  using answer = std::function<void(node_stats)>;

  /// `then` gets figures of which none is older than this call.
  void ask(answer then) { asked_.push_back(std::move(then)); }

  /// Visits some more streams, if somebody has asked. `ended`: what is counted of those that are no more; `complete` adds
  /// what is no stream's. True: there are more of them.
  bool go_on(registry& streams, const node_stats& ended, const std::function<void(node_stats&)>& complete);

  /// A stream has left the registry.
  void ended(const stream_key& key, const stream_status& last);

 private:
  std::vector<answer> asked_;       // during a sum: for the next one
  std::vector<answer> answering_;   // by the sum that is being made
  std::optional<node_stats> sum_;   // of what streams count, so far
  std::optional<stream_key> upto_;  // the last one that is in it
};

}  // namespace berth::actors
