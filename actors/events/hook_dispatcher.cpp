#include "actors/events/hook_dispatcher.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace berth::actors {
namespace {

// Ticks can not be taken back, so there is one at most, and it is never far off: an earlier deadline waits this long.
constexpr net::duration longest_sleep = std::chrono::milliseconds{100};

std::function<double()> system_random() {
  return [engine = std::minstd_rand{std::random_device{}()}]() mutable {
    return std::uniform_real_distribution<double>{}(engine);
  };
}

}  // namespace

hook_dispatcher::handle::behavior_type hook_dispatcher::start(hook_transport* transport, hook_settings_ptr settings,
                                                              std::function<double()> random) {
  transport_ = transport;
  queues_.emplace(std::move(settings), random ? std::move(random) : system_random(), self_->clock().now());
  arm();
  return {
      [this](const hook_question& question) { return ask(question); },
      [this](const hook_done& d) {
        queues_->finish(d.id, d.attempt, d.outcome, self_->clock().now());
        proceed();
      },
      [this](const hook_flush_request& request) { return begin_flush(request); },
      [this](const hook_stats_request&) { return outcome<hook_stats>{queues_->stats()}; },
      [this](const hook_tick&) {
        tick_under_way_ = false;
        proceed();
      },
      [this](const event_ptr& e) {
        queues_->take(e);
        proceed();
      },
      [this](const hook_settings_ptr& settings_now) {
        queues_->apply(settings_now, self_->clock().now());
        proceed();
      },
  };
}

caf::result<hook_outcome> hook_dispatcher::ask(const hook_question& question) {
  const auto id = queues_->ask(std::make_shared<const hook_question>(question));
  if (!id) return hook_outcome::delivered();
  const promise<hook_outcome> later{self_};
  questions_.emplace(*id, later);
  proceed();
  return later;
}

void hook_dispatcher::answer_questions() {
  for (auto& end : queues_->take_ended()) {
    auto asked = questions_.extract(end.id);
    if (!asked.empty()) asked.mapped().deliver(std::move(end.outcome));
  }
}

caf::result<outcome<hook_flushed>> hook_dispatcher::begin_flush(const hook_flush_request& request) {
  const promise<outcome<hook_flushed>> later{self_};
  const auto now = self_->clock().now();
  flushes_.push_back({now + request.limit, later});
  queues_->end_by(now + request.limit, now);
  proceed();
  return later;
}

void hook_dispatcher::proceed() {
  for (auto& delivery : queues_->start(self_->clock().now())) post(std::move(delivery));
  answer_questions();
  answer_flushes();
  arm();
}

void hook_dispatcher::post(std::shared_ptr<const hook_delivery> delivery) {
  // Weak: an answer that is outstanding must not keep the actor.
  transport_->post(delivery, [to = caf::weak_actor_ptr{self_->ctrl()}, delivery](hook_outcome result) {
    if (const auto strong = caf::actor_cast<caf::strong_actor_ptr>(to))
      caf::anon_send(caf::actor_cast<hook_dispatcher_actor>(strong),
                     hook_done{delivery->id, delivery->attempt, std::move(result)});
  });
}

void hook_dispatcher::answer_flushes() {
  const auto left = queues_->pending();
  const auto now = self_->clock().now();
  std::erase_if(flushes_, [&](flush& f) {
    if (left > 0 && now < f.deadline) return false;
    f.later.deliver(hook_flushed{left});
    return true;
  });
}

void hook_dispatcher::arm() {
  if (tick_under_way_) return;
  auto next = queues_->next_deadline();
  for (const auto& f : flushes_) next = next ? std::min(*next, f.deadline) : f.deadline;
  if (!next) return;
  const auto wait = std::clamp(*next - self_->clock().now(), net::duration::zero(), longest_sleep);
  tick_under_way_ = true;
  self_->delayed_send(self_, wait, hook_tick{});
}

}  // namespace berth::actors
