// All viewers of the node, for lists and for those who end them.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "actors/viewer.hpp"
#include "net/time.hpp"

namespace berth::api {

struct viewer_info {
  actors::viewer who;
  net::time_point since;
  std::uint64_t bytes = 0;
  std::uint64_t skipped = 0;  ///< chunks it was too slow for
};

/// Owned by the daemon; any thread may call it.
class viewer_registry {
 public:
  /// One viewer's entry. Its figures are written by the viewer and read by anybody.
  struct entry {
    actors::viewer who;
    net::time_point since;
    std::atomic<std::uint64_t> bytes{0};
    std::atomic<std::uint64_t> skipped{0};
    std::atomic<bool> kicked{false};
    std::function<void()> wake;  ///< called when it is kicked; only posts
  };

  /// Gives the viewer's place up when the last owner lets it go. Null if there are `most` already.
  std::shared_ptr<entry> add(actors::viewer who, std::size_t most, std::function<void()> wake);
  std::vector<viewer_info> list() const;
  bool kick(const std::string& id);
  void kick_all();
  std::size_t size() const;
  /// For a viewer that comes: unique on the node while it runs.
  std::string next_id();

 private:
  void remove(const std::string& id);

  mutable std::mutex mutex_;
  std::map<std::string, entry*> entries_;
  std::uint64_t last_ = 0;
};

}  // namespace berth::api
