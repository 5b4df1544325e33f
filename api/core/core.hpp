// The actors and the threads they live on: made together, taken down in order.
#pragma once

#include <atomic>
#include <caf/all.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/contract/event_stream.hpp"
#include "actors/contract/supervisor.hpp"
#include "actors/events/hook_dispatcher.hpp"
#include "actors/stream/actor_threads.hpp"
#include "api/config/config.hpp"
#include "api/core/core_client.hpp"

namespace berth::api {

/// Actor system, reactors, supervisor, event log and hook dispatcher. Owned by the daemon; its members are called from
/// the thread that runs the daemon, apply() and the shared port's from whatever thread changes the configuration.
/// Destroyed after shut_down(), or at once when the daemon could not start.
class core {
 public:
  struct dependencies {
    net::socket_factory& sockets;
    actors::hook_transport& hooks;
    net::source_factory sources;
    std::function<void(const actors::event_ptr&)> on_event;  ///< called for every event, on an actor's thread
    /// The supervisor has failed, with why: called on its thread, once, and best not returned from.
    std::function<void(const std::string&)> failed;
  };

  core(const config& c, dependencies given);
  ~core();
  core(const core&) = delete;
  core& operator=(const core&) = delete;

  core_client client() { return {threads_.system(), supervisor_, events_, hooks_}; }
  /// How long ago the supervisor showed itself last; it does so ten times a second. From any thread.
  net::duration silence(net::time_point now) const noexcept;
  /// Runs all actors but those of the reactors; lent threads are the daemon's.
  actors::control_unit& control() noexcept { return threads_.control(); }
  const std::vector<std::unique_ptr<actors::reactor>>& reactors() const noexcept { return threads_.reactors(); }

  void apply(const config& now);
  /// rtp_proxy.port is opened and closed as any other port, by the supervisor. The reason if that failed.
  std::optional<std::string> open_shared_port(std::uint16_t port);
  std::optional<std::string> close_shared_port();
  void publish(actors::event_kind kind);

  /// Closes all streams and their ports, tells server_exited, and gives hooks the rest of the time. The reason if not
  /// every stream was down in time.
  std::optional<std::string> shut_down(net::time_point deadline);

 private:
  actors::node_settings_ptr settings_for(const config& c) const;

  std::optional<std::string> close_streams(net::time_point deadline);

  bool joined_;  // UDP_GRO, as it was at the start
  std::atomic<net::time_point> shown_{net::clock::now()};
  actors::actor_threads threads_;  // gone last
  actors::event_log_actor events_;
  actors::hook_dispatcher_actor hooks_;
  actors::supervisor_actor supervisor_;
  bool closed_ = false;  // all streams, for good
};

}  // namespace berth::api
