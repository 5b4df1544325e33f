// The actor system and the reactors: made together, and taken down in the one order that leaves nobody without ground.
#pragma once

#include <caf/all.hpp>
#include <memory>
#include <vector>

#include "actors/stream/control_unit.hpp"
#include "actors/stream/reactor.hpp"

namespace berth::actors {

/// All threads that actors run on: the control unit's, for the supervisor and whoever owns no sockets, and the reactors.
/// An actor may be let go of for the last time by the control unit long after it has ended: a message that it has sent
/// holds it. So what an actor refers to, its reactor and the poller in it, stays until that thread has been joined:
///   1. every actor has ended     2. the reactors' threads are joined     3. the actor system goes, and with it the
///   control unit and all mailboxes    4. the reactors are destroyed
/// Owned by the core; made and destroyed by one thread. place() may be called from any thread.
class actor_threads {
 public:
  struct options {
    std::size_t reactors = 1;  ///< at least one is made
    reactor_options reactor{};
    std::vector<int> processors{};  ///< that the reactors are bound to, in turn; empty = none
  };

  explicit actor_threads(const options& o);
  /// All actors must have been told to end; waits for them.
  ~actor_threads();
  actor_threads(const actor_threads&) = delete;
  actor_threads& operator=(const actor_threads&) = delete;

  caf::actor_system& system() noexcept { return *system_; }
  control_unit& control() noexcept { return *control_; }
  const std::vector<std::unique_ptr<reactor>>& reactors() const noexcept { return reactors_; }
  /// The host of the next actor: the reactor that has the fewest.
  berth_host place() const;

 private:
  class system_config : public caf::actor_system_config {
   public:
    explicit system_config(control_unit*& made);
  };

  control_unit* control_ = nullptr;  // the system's
  system_config config_{control_};
  std::vector<std::unique_ptr<reactor>> reactors_;
  std::unique_ptr<caf::actor_system> system_;  // goes first
};

}  // namespace berth::actors
