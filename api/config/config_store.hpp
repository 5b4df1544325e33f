// The configuration while the node runs: snapshots for readers, changes from the API, kept on disk.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "api/config/config.hpp"
#include "net/base/result.hpp"

namespace berth::api {

/// Where a store's values come from; see config_layers for their order.
struct config_sources {
  std::filesystem::path file;                    // of --config; empty = none
  std::vector<std::string> set_arguments;        // of --set
  std::map<std::string, std::string> generated;  // api.secret and general.mediaServerId of the state directory
  std::filesystem::path overrides;               // STATE_DIR/overrides.ini; need not exist yet

  /// The layers as the sources are now.
  config_layers read() const;
};

/// What a set() or reload() did.
struct config_changes {
  std::vector<std::string> changed;        // keys with another value than before; the `changed` of setServerConfig
  std::vector<std::string> after_restart;  // those of them that act only after a restart
  std::vector<std::string> pinned;         // stored, but --set has the last word
  std::size_t unknown = 0;                 // keys that no table knows: ignored
  std::size_t read_only = 0;               // keys that the API may not write: ignored
};

/// Holds the configuration of one node. Owned by the daemon, lives as long as it.
/// Every member may be called from every thread. current() never waits for a disk; set() and reload() do (they return
/// only when the change is on disk), one at a time, so call them where waiting is allowed: never on a reactor.
class config_store {
 public:
  /// Called after each change, in order, on the thread of set() or reload(). It must not call those two.
  using listener = std::function<void(const config& before, const config& now)>;
  /// What speaks against a change that is sound in itself.
  using objection = std::function<config_errors(const config& before, const config& next)>;

  /// Reads all sources; gives every error there is.
  static net::result<std::unique_ptr<config_store>, config_errors> open(config_sources sources);

  std::shared_ptr<const config> current() const;

  /// What setServerConfig does. Either all known keys are taken, stored on disk and visible in current() on return, or
  /// one value is bad (or the disk fails) and nothing has changed. Unknown and read-only keys are ignored and counted.
  /// `origin` names the caller in errors and in the file: "API". `objections` is asked before anything is stored.
  /// A key that acts only at start has its new value in the snapshot at once, too; who reads it at start does not
  /// notice.
  net::result<config_changes, config_errors> set(const std::map<std::string, std::string>& values,
                                                 std::string_view origin, const objection& objections = {});

  /// What SIGHUP does: reads file and overrides again. With an error in them nothing changes.
  net::result<config_changes, config_errors> reload();

  void on_change(listener call);

 private:
  config_store(config_sources sources, config_layers layers, std::shared_ptr<const config> first);
  config_changes publish(std::shared_ptr<const config> next);

  const config_sources sources_;
  std::mutex change_;  // one change at a time; held while writing to disk and while listeners run
  config_layers layers_;
  std::vector<listener> listeners_;
  mutable std::mutex current_lock_;  // held for a pointer copy only
  std::shared_ptr<const config> current_;
};

}  // namespace berth::api
