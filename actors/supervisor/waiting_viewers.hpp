// Viewers who came before their stream.
#pragma once

#include <caf/all.hpp>
#include <map>
#include <vector>

#include "actors/contract/promise.hpp"
#include "actors/contract/watching.hpp"

namespace berth::actors {

using watch_promise = promise<outcome<watched>>;

/// Parked requests, by the key they ask for, each with its deadline. Bounded by whoever adds.
/// Owned by the supervisor and touched only there.
class waiting_viewers {
 public:
  struct waiting {
    stream_key key;
    net::schema as;
    watch_promise later;
  };
  /// True if it is the first one who waits for this key.
  bool add(waiting who, net::time_point deadline);
  /// Takes out all who wait for `key`.
  std::vector<waiting> take(const stream_key& key);
  /// Takes out those whose time is up.
  std::vector<waiting> take_due(net::time_point now);
  std::vector<waiting> take_all();
  std::size_t size() const noexcept { return waiting_.size(); }

 private:
  struct entry {
    net::time_point deadline;
    waiting who;
  };
  std::multimap<stream_key, entry> waiting_;
  net::time_point earliest_ = net::time_point::max();  // no deadline is before it
};

}  // namespace berth::actors
