// Queues of hooks without actors and without a network: every delivery and second happens when the test says so.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/events/hook_queues.hpp"

namespace berth::tests {

using namespace std::chrono_literals;

inline actors::event_ptr make_event(actors::event_kind kind) {
  auto e = std::make_shared<actors::event>();
  e->kind = kind;
  return e;
}

inline std::shared_ptr<actors::event> closed_event(const std::string& id, actors::close_reason reason,
                                                   bool configured = false, std::uint16_t parent_port = 0) {
  auto status = std::make_shared<actors::stream_status>();
  status->key.stream = id;
  status->reason = reason;
  status->configured = configured;
  status->parent_port = parent_port;
  auto e = std::make_shared<actors::event>();
  e->kind = actors::event_kind::stream_closed;
  e->stream = std::move(status);
  return e;
}

inline actors::event_ptr timed_out(const std::string& id) { return closed_event(id, actors::close_reason::never_fed); }

inline actors::event_ptr alarm_event(const std::string& name, bool raised) {
  auto e = std::make_shared<actors::event>();
  e->kind = raised ? actors::event_kind::alarm_raised : actors::event_kind::alarm_cleared;
  e->alarm = std::make_shared<actors::alarm_change>(actors::alarm_change{name, "text", 0.5, 0.1});
  return e;
}

inline constexpr auto timeout_hook = actors::hook_name::rtp_server_timeout;
inline constexpr auto keepalive_hook = actors::hook_name::server_keepalive;
inline constexpr auto alarm_hook = actors::hook_name::alarm;

/// Queues, their settings and their time. Made by a test case, for itself alone.
class hook_bench {
 public:
  using deliveries = std::vector<actors::hook_queues::delivery_ptr>;

  hook_bench() {
    settings.enabled = true;
    settings.url(timeout_hook) = "http://a/timeout";
    settings.url(alarm_hook) = "http://b/alarm";
    settings.max_connections = 4;
    settings.retries = 1;
    settings.retry_delay = 3s;
    reset();
  }
  void reset() {
    queues.emplace(
        share(), [this] { return random; }, now);
  }
  void apply() { queues->apply(share(), now); }

  deliveries start() { return queues->start(now); }
  deliveries pass(net::duration d) {
    now += d;
    return start();
  }
  void finish(const actors::hook_queues::delivery_ptr& d, const actors::hook_outcome& outcome) {
    queues->finish(d->id, d->attempt, outcome, now);
  }
  void deliver(const actors::hook_queues::delivery_ptr& d) { finish(d, actors::hook_outcome::delivered()); }
  void fail(const actors::hook_queues::delivery_ptr& d) { finish(d, actors::hook_outcome::failed("no")); }
  actors::hook_counters counters(actors::hook_name name) const { return queues->stats()[name]; }
  /// Fails `count` deliveries of streams of their own at the receiver of timeouts.
  void kill_receiver(unsigned count = actors::hook_queues::failures_of_a_dead_receiver) {
    for (unsigned i = 0; i < count; ++i) queues->take(timed_out("dead" + std::to_string(i)));
    for (const auto& d : start()) fail(d);
  }

  actors::hook_settings settings;
  double random = 0;
  net::time_point now{1h};
  std::optional<actors::hook_queues> queues;

 private:
  actors::hook_settings_ptr share() const { return std::make_shared<const actors::hook_settings>(settings); }
};

inline std::vector<std::string> streams(const hook_bench::deliveries& all) {
  std::vector<std::string> names;
  for (const auto& d : all) names.push_back(d->event->stream->key.stream);
  return names;
}

using names = std::vector<std::string>;

/// The same, with a receiver of keepalives.
class keepalive_bench : public hook_bench {
 public:
  keepalive_bench() {
    settings.url(keepalive_hook) = "http://a/keepalive";
    settings.alive_interval = 10s;
    reset();
  }
};

}  // namespace berth::tests
