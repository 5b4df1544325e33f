// All viewers of the node, for lists and for those who end them.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "actors/contract/viewer.hpp"
#include "net/base/time.hpp"

namespace berth::api {

struct viewer_info {
  actors::viewer who;
  net::time_point since;
  std::uint64_t bytes = 0;    ///< sent
  std::uint64_t skipped = 0;  ///< chunks it was too slow for
};

/// Owned by the media service; any thread may call it. Entries may outlive it.
class viewer_registry {
 public:
  /// One viewer's entry. Its figures are written by the viewer and read by anybody.
  struct entry {
    actors::viewer who;
    net::time_point since;
    std::atomic<std::uint64_t> bytes{0};
    std::atomic<std::uint64_t> skipped{0};
    std::atomic<bool> kicked{false};
    std::function<void()> wake;  ///< called under the registry's lock when it is kicked: it only posts. May be empty
  };
  using entry_ptr = std::shared_ptr<entry>;

  viewer_registry();

  /// Gives the viewer's place up when the last owner lets it go. Null if there are `most` already.
  entry_ptr add(actors::viewer who, std::size_t most, std::function<void()> wake = {});
  /// For a viewer that was added before it could be woken. Wakes it at once if it was kicked meanwhile.
  void set_wake(entry& of, std::function<void()> wake);

  std::vector<viewer_info> list() const;
  /// Those of one stream, by its public key; `as`: of one schema only.
  std::vector<viewer_info> list(const actors::stream_key& key, std::optional<net::schema> as = std::nullopt) const;
  std::size_t size() const;

  /// False if there is no such viewer.
  bool kick(const std::string& id);
  /// Gives the number of those who were kicked.
  std::size_t kick_all(const actors::stream_key& key);
  std::size_t kick_all();

  /// For a viewer that comes, "NUMBER-NUMBER": never the same twice while the node runs.
  std::string next_id();

 private:
  // Shared with the entries.
  struct book;

  template <class Predicate>
  std::vector<viewer_info> list_if(Predicate wanted) const;
  template <class Predicate>
  std::size_t kick_if(Predicate wanted);

  std::shared_ptr<book> book_;
};

}  // namespace berth::api
