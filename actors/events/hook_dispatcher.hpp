// Tells the outside what happens inside: the actor that turns events into web hooks.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "actors/contract/event_stream.hpp"
#include "actors/events/hook_queues.hpp"

namespace berth::actors {

/// Answered at once.
struct hook_stats_request {
  using answer = outcome<hook_stats>;
  static constexpr auto to = receiver::hooks;
};

/// Sent by the daemon on its way down; answered when all deliveries have ended, or `limit` has passed. May be sent more
/// than once. Keepalives are nothing to wait for. Events that the event log has not handed on yet are not known here:
/// ask the log events_since before.
struct hook_flushed {
  std::size_t left = 0;  ///< deliveries that have not ended
};
struct hook_flush_request {
  using answer = outcome<hook_flushed>;

  net::duration limit{};
};

/// Sent by the dispatcher to itself, on whatever thread the transport calls back.
struct hook_done {
  using answer = nothing;

  std::uint64_t id = 0;
  unsigned attempt = 0;
  hook_outcome outcome;
};
/// Likewise: look at the clock.
struct hook_tick {
  using answer = nothing;
};

using hook_dispatcher_actor = actor_of<hook_question, hook_done, hook_flush_request, hook_stats_request,
                                       hook_tick>::extend<caf::reacts_to<event_ptr>, caf::reacts_to<hook_settings_ptr>>;

/// State of the hook dispatcher actor: gives hook_queues its time, its events and its answers.
/// Spawned by the daemon: spawn<hook_dispatcher>(system, transport, settings). Runs on the control unit; it ends with an
/// exit message, and what is not delivered then is lost: flush before.
class hook_dispatcher {
 public:
  using handle = hook_dispatcher_actor;
  using self_pointer = handle::stateful_pointer<hook_dispatcher>;
  static inline const char* name = "hook_dispatcher";

  explicit hook_dispatcher(self_pointer self) : self_(self) {}
  /// `random` gives numbers in [0, 1) that spread the retries; none = a generator seeded by the system.
  handle::behavior_type start(hook_transport* transport, hook_settings_ptr settings,
                              std::function<double()> random = nullptr);

 private:
  struct flush {
    net::time_point deadline;
    promise<outcome<hook_flushed>> later;
  };

  caf::result<hook_outcome> ask(const hook_question& question);
  caf::result<outcome<hook_flushed>> begin_flush(const hook_flush_request& request);
  void proceed();
  void post(std::shared_ptr<const hook_delivery> delivery);
  void answer_questions();
  void answer_flushes();
  void arm();

  self_pointer self_;
  hook_transport* transport_ = nullptr;
  std::optional<hook_queues> queues_;
  std::vector<flush> flushes_;
  std::map<std::uint64_t, promise<hook_outcome>> questions_;
  bool tick_under_way_ = false;
};

}  // namespace berth::actors
