// Viewers who came before their stream.
#pragma once

#include <caf/all.hpp>
#include <map>
#include <vector>

#include "actors/messages.hpp"

namespace berth::actors {

using watch_promise = caf::typed_response_promise<outcome<watched>>;

/// Parked requests, by the key they ask for, each with its deadline. Bounded by whoever adds.
/// Owned by the supervisor and touched only there.
class waiting_viewers {
 public:
  /// True if it is the first one who waits for this key.
  bool add(const stream_key& key, net::time_point deadline, watch_promise promise);
  /// Takes out all who wait for `key`.
  std::vector<watch_promise> take(const stream_key& key);

  struct late {
    stream_key key;
    watch_promise promise;
  };
  /// Takes out those whose time is up.
  std::vector<late> take_due(net::time_point now);
  std::vector<late> take_all();
  std::size_t size() const noexcept { return waiting_.size(); }

 private:
  struct entry {
    net::time_point deadline;
    watch_promise promise;
  };
  std::multimap<stream_key, entry> waiting_;
  net::time_point earliest_ = net::time_point::max();  // no deadline is before it
};

}  // namespace berth::actors
