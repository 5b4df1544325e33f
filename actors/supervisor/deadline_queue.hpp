// Which streams have to be looked at next: one ordered set instead of a timer per stream.
#pragma once

#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "actors/contract/stream_key.hpp"
#include "net/base/time.hpp"

namespace berth::actors {

/// Deadlines of stream lives, one each at most: it is as large as the streams are many. An entry is a reminder, not a
/// verdict: whoever takes it out looks at the facts.
/// Owned by the supervisor.
class deadline_queue {
 public:
  struct entry {
    net::time_point due;
    stream_key key;
    generation_t generation = 0;

    bool operator<(const entry& other) const noexcept {
      return std::tie(due, generation) < std::tie(other.due, other.generation);
    }
  };

  /// Entries are told apart by their time and generation.
  void add(net::time_point due, stream_key key, generation_t generation) {
    all_.insert({due, std::move(key), generation});
  }
  void remove(net::time_point due, generation_t generation) { all_.erase({due, {}, generation}); }

  /// Takes out the earliest entry that is due.
  std::optional<entry> take_due(net::time_point now) {
    if (all_.empty() || all_.begin()->due > now) return std::nullopt;
    return std::move(all_.extract(all_.begin()).value());
  }

  std::size_t size() const noexcept { return all_.size(); }

 private:
  std::set<entry> all_;
};

}  // namespace berth::actors
