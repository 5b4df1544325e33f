// Which streams have to be looked at next: one heap instead of a timer per stream.
#pragma once

#include <functional>
#include <optional>
#include <queue>
#include <vector>

#include "actors/contract/stream_key.hpp"
#include "net/base/time.hpp"

namespace berth::actors {

/// Deadlines of stream lives. An entry is a reminder, not a verdict: whoever takes it out looks at the facts. Entries
/// of lives that are over simply find nobody.
/// Owned by the supervisor.
class deadline_queue {
 public:
  struct entry {
    net::time_point due;
    stream_key key;
    generation_t generation = 0;
  };

  void add(net::time_point due, stream_key key, generation_t generation) {
    heap_.push({due, std::move(key), generation});
  }

  /// Takes out the earliest entry that is due.
  std::optional<entry> take_due(net::time_point now) {
    if (heap_.empty() || heap_.top().due > now) return std::nullopt;
    entry e = heap_.top();
    heap_.pop();
    return e;
  }

  std::size_t size() const noexcept { return heap_.size(); }

 private:
  struct later {
    bool operator()(const entry& a, const entry& b) const { return a.due > b.due; }
  };
  std::priority_queue<entry, std::vector<entry>, later> heap_;
};

}  // namespace berth::actors
