#include "actors/supervisor/stream_supervisor.hpp"

#include <algorithm>
#include <exception>

namespace berth::actors {
namespace {

// Ends what is due within a fraction of the second that a reclaim may take.
constexpr auto tick_interval = std::chrono::milliseconds{100};
constexpr std::size_t most_looks_a_turn = 64;
/// Records that one question for a list goes through: a fraction of a millisecond.
constexpr std::size_t most_visited = 4096;
constexpr std::size_t most_listed = 128;

std::string text_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& x) {
    return x.what();
  } catch (...) {
    return "something that is no exception";
  }
}

// The handlers of what is passed on, and those of its own.
template <class Behavior, class Receivers, class Sources, message... Received, message... Sourced, class... Own>
Behavior with_passed_on(messages<Received...>, Receivers receivers, messages<Sourced...>, Sources sources, Own... own) {
  return {handler_of<Received, Receivers>{receivers}..., handler_of<Sourced, Sources>{sources}..., std::move(own)...};
}

}  // namespace

stream_supervisor::handle::behavior_type stream_supervisor::start(supervisor_options options) {
  options_ = std::move(options);
  self_->set_exception_handler([this](caf::scheduled_actor*, std::exception_ptr& thrown) -> caf::error {
    options_.failed(text_of(thrown));
    return caf::exit_reason::unhandled_exception;
  });
  settings_ = options_.settings;
  auto& sockets = *options_.sockets;
  ports_ = std::make_unique<net::port_allocator>(sockets, settings_->allocator, options_.first_port);
  publisher_.emplace(publisher::dependencies{self_, *this, registry_, options_.hooks});
  senders_.emplace(senders::dependencies{self_, *this, registry_, *ports_, sockets});
  openings_.emplace(openings::dependencies{self_, *this, registry_, *ports_, sockets, options_.sources, alarms_, stats_,
                                           *publisher_, *senders_});
  commands_.emplace(stream_commands::dependencies{self_, *this, registry_, *publisher_});
  apply(settings_);
  self_->set_down_handler([this](const caf::down_msg& down) { went_down(down); });
  self_->delayed_send<caf::message_priority::high>(self_, tick_interval, tick{});
  return with_passed_on<handle::behavior_type>(
      asked_of_receivers{}, [this](const auto& r) { return commands_->ask_receiver(r); }, asked_of_sources{},
      [this](const auto& r) { return commands_->ask_source(r); },
      [this](const open_request& r) { return answer_open(r); },
      [this](const close_request& r) { return answer_close(r); }, [this](const query_request& r) { return query(r); },
      [this](const list_request& r) { return list(r); }, [this](const ports_request& r) { return report_ports(r); },
      [this](const stats_request&) { return stats(); }, [this](const idle_check_request& r) { return idle_check(r); },
      [this](const watch_request& r) { return publisher_->watch(r); },
      [this](const media_request& r) { return publisher_->media(r); },
      [this](const send_request& r) { return senders_->start(r); },
      [this](const stop_sending_request& r) { return senders_->stop(r); },
      [this](const senders_request& r) { return senders_->list(r); },
      [this](const shutdown_request&) { return shut_down(); }, [this](const stream_notice& n) { packets_arrived(n); },
      [this](const ssrc_arrived& a) { openings_->open_fed(a); },
      [this](const talk_over& t) { senders_->talk_ended(t.id); }, [this](const tick&) { look_at_clock(); },
      [this](const proceed&) {
        proceeding_ = false;
        go_on();
      },
      [this](const postponed& p) {
        p.work();
        --postponed_;
        end_if_empty();
      },
      [this](const node_settings_ptr& s) { apply(s); });
}

// ---- answering ----------------------------------------------------------------------------------------------------

caf::result<outcome<opened>> stream_supervisor::answer_open(const open_request& request) {
  const promise<outcome<opened>> later{self_};
  const auto answer = [later](outcome<opened> made) { later.deliver(std::move(made)); };
  if (request.source() != nullptr)
    commands_->fetch(request, answer);
  else
    openings_->open(request, answer);
  return later;
}

stream_record* stream_supervisor::visible(const stream_key& key) {
  auto* r = registry_.find(key);
  if (r == nullptr) return nullptr;
  look(key, *r);
  return r->lives.closing() ? nullptr : r;
}

outcome<stream_status_ptr> stream_supervisor::query(const query_request& request) {
  const auto key = registry_.resolve(request.key);
  const auto* r = visible(key);
  if (r == nullptr) return no_such_stream(request.key);
  return status_now(key, *r);
}

outcome<stream_list> stream_supervisor::list(const list_request& request) {
  stream_list answer;
  const stream_key* last = nullptr;
  std::size_t visited = 0;
  const auto limit = std::min(request.limit, most_listed);
  registry_.for_each(request.after, [&](const stream_key& key, stream_record& r) {
    if (visited++ == most_visited) {
      answer.next = *last;
      return false;
    }
    const auto* before = std::exchange(last, &key);
    if (!request.vhost.empty() && key.vhost.str() != request.vhost) return true;
    if (!request.app.empty() && key.app != request.app) return true;
    if (!key.stream.starts_with(request.prefix) || r.request().is_configured()) return true;
    look(key, r);
    if (r.lives.closing() || (request.state && r.lives.state != *request.state)) return true;
    if (request.watchable && !r.published.registered()) return true;
    if (answer.streams.size() == limit) {
      answer.next = before == nullptr ? request.after : std::optional{*before};
      return false;
    }
    answer.streams.push_back(status(key, r));
    return true;
  });
  return answer;
}

outcome<completed> stream_supervisor::idle_check(const idle_check_request& request) {
  const auto key = registry_.resolve(request.key);
  auto* r = visible(key);
  if (r == nullptr) return no_such_stream(request.key);
  if (r->lives.state == stream_state::listening)
    return reject(errc::not_published, to_string(request.key) + " is open, but nothing has arrived yet");
  if (request.pause) {
    r->lives.paused_until = now() + *request.pause;
  } else {
    r->lives.paused_until.reset();
    r->lives.armed_at = now();
  }
  look(key, *r);
  return completed{};
}

outcome<ports_report> stream_supervisor::report_ports(const ports_request& request) {
  ports_report answer{ports_->figures(), ports_->resting(request.after, most_listed), now(), {}};
  if (answer.resting.size() >= most_listed) answer.next = answer.resting.back().port;
  return answer;
}

caf::result<outcome<node_stats>> stream_supervisor::stats() {
  const promise<outcome<node_stats>> later{self_};
  tally_.ask([later](node_stats all) { later.deliver(std::move(all)); });
  // What is under way already goes on by itself.
  if (!proceeding_) proceed_if(count());
  return later;
}

bool stream_supervisor::count() {
  return tally_.go_on(registry_, stats_, [this](node_stats& all) {
    senders_->count(all);
    all.ports = ports_->figures();
    all.alarms = alarms_.raised();
  });
}

// ---- living -------------------------------------------------------------------------------------------------------

void stream_supervisor::look(const stream_key& key, stream_record& r) {
  if (r.lives.closing()) return;
  const auto facts = r.facts();
  const auto at = now();
  life_step step;
  do {
    const auto limits = r.limits(*settings_);  // they are those of the state
    step = advance(r.lives.state, life_event::look, facts, limits, at);
    if (step.state == stream_state::closing) {
      r.lives.deadline = idle_deadline(facts, limits);
      begin_close(key, r, step.reason);
      return;
    }
    r.lives.state = step.state;
    if (step.tell) tell(*step.tell, key, r);
  } while (step.next_look && *step.next_look <= at);
  remind(key, r, step.next_look);
  remind(key, r, publisher_->look(key, r));
}

void stream_supervisor::remind(const stream_key& key, stream_record& r, std::optional<net::time_point> when) {
  if (!when || (r.lives.queued_look && *r.lives.queued_look <= *when)) return;
  if (r.lives.queued_look) deadlines_.remove(*r.lives.queued_look, r.generation);
  r.lives.queued_look = when;
  deadlines_.add(*when, key, r.generation);
}

void stream_supervisor::packets_arrived(const stream_notice& notice) {
  auto* r = registry_.find(notice.key, notice.generation);
  if (r == nullptr) return stats_.late_message();
  look(notice.key, *r);
  if (r->lives.closing()) return;
  publisher_->arrived(notice.key, *r, notice.media);
  if (!notice.complete || r->lives.closing()) return;
  publisher_->registered(notice.key, *r);
  remind(notice.key, *r, publisher_->look(notice.key, *r));
}

void stream_supervisor::look_at_clock() {
  options_.alive();
  publisher_->expire();
  go_on();
  for (const auto& changed : alarms_.evaluate(ports_->figures(), now()))
    tell({.kind = changed.what, .alarm = std::make_shared<alarm_change>(changed.alarm)});
  self_->delayed_send<caf::message_priority::high>(self_, tick_interval, tick{});
}

// What is due and what has rested long enough, as far as one turn goes: the rest has to wait behind the requests that
// are there by now.
void stream_supervisor::go_on() {
  bool more = !revise();
  bool due_later = true;
  for (std::size_t i = 0; i < most_looks_a_turn && due_later; ++i) {
    const auto due = deadlines_.take_due(now());
    due_later = due.has_value();
    auto* r = due ? registry_.find(due->key, due->generation) : nullptr;
    if (r == nullptr) continue;
    r->lives.queued_look.reset();
    look(due->key, *r);
  }
  more = ports_->sweep(now()) || due_later || more;
  proceed_if(count() || more);
}

void stream_supervisor::proceed_if(bool more) {
  if (more && !std::exchange(proceeding_, true)) self_->send(self_, proceed{});
}

// Looks at some of the streams in the light of new settings; true if there are no more of them.
bool stream_supervisor::revise() {
  if (!revising_) return true;
  std::size_t looked = 0;
  revising_ = false;
  registry_.for_each(revised_, [&](const stream_key& key, stream_record& r) {
    revising_ = ++looked > most_looks_a_turn;
    if (revising_) return false;
    look(key, r);
    revised_ = key;
    return true;
  });
  return !revising_;
}

void stream_supervisor::apply(node_settings_ptr settings) {
  settings_ = std::move(settings);
  ports_->set_options(settings_->allocator);
  const auto& a = settings_->alarm;
  alarms_.set_limits({a.window, a.min_opens, a.raise_ratio, a.clear_ratio}, {a.pool_low_ratio, a.pool_clear_ratio});
  revising_ = true;
  revised_.reset();
  go_on();
}

// ---- ending -------------------------------------------------------------------------------------------------------

caf::result<outcome<closed>> stream_supervisor::answer_close(const close_request& request) {
  const auto key = registry_.resolve(request.key);
  auto* r = registry_.find(key);
  if (r == nullptr || r->request().is_configured() != request.configured)
    return outcome<closed>{no_such_stream(request.key)};
  if (!r->lives.closing() && request.generation && *request.generation != r->generation) {
    rejection differs{errc::generation_differs,
                      to_string(key) + " is generation " + std::to_string(r->generation) + ", not " +
                          std::to_string(*request.generation),
                      status_now(key, *r)};
    return outcome<closed>{net::failure{std::move(differs)}};
  }
  const close_promise later{self_};
  // A close that comes while another one is under way is answered after it, when there is nothing left to close.
  r->awaited.closers.push_back(later);
  if (!r->lives.closing()) {
    r->awaited.closed_by_request = true;
    begin_close(key, *r, close_reason::requested);
  }
  return later;
}

void stream_supervisor::close(const stream_key& key, generation_t generation) {
  auto* r = registry_.find(key, generation);
  if (r == nullptr) return;
  r->lives.displaced = false;
  if (!r->lives.closing()) begin_close(key, *r, close_reason::requested);
}

void stream_supervisor::later(std::function<void()> work) {
  ++postponed_;
  self_->send(self_, postponed{std::move(work)});
}

void stream_supervisor::begin_close(const stream_key& key, stream_record& r, close_reason reason) {
  r.lives.state = advance(r.lives.state, life_event::close, r.facts(), r.limits(*settings_), now()).state;
  r.lives.reason = reason;
  if (r.berth.children.empty()) return send_close(r);
  // A shared port ends after the streams it feeds.
  for (const auto& child : std::vector{r.berth.children}) {
    auto* c = registry_.find(child);
    if (c != nullptr && c->opened.parent == key && !c->lives.closing())
      begin_close(child, *c, close_reason::port_closed);
  }
}

// Who may send, by what a receiver of hooks says, is asked again: it may have been down, or may have learned.
void stream_supervisor::send_close(stream_record& r) {
  const auto reason = r.lives.reason;
  const auto sender = reason == close_reason::publish_refused ? afterwards::heard_later
                      : is_timeout(reason)                    ? afterwards::heard
                                                              : afterwards::rests;
  r.berth.close(close_command{sender});
}

void stream_supervisor::went_down(const caf::down_msg& down) {
  if (senders_->went_down(down.source)) return end_if_empty();
  const auto* found = registry_.key_of(down.source);
  if (found == nullptr) return stats_.late_message();
  const auto key = *found;
  auto r = registry_.extract(key);
  if (r.lives.queued_look) deadlines_.remove(*r.lives.queued_look, r.generation);
  if (!r.lives.closing()) {
    r.lives.state = stream_state::closing;
    r.lives.reason = r.request().source() != nullptr ? close_reason::source_ended : close_reason::failed;
  }
  finish(key, std::move(r));
  end_if_empty();
}

void stream_supervisor::end_if_empty() {
  if (!shut_down_promise_ || !registry_.empty() || !senders_->empty() || postponed_ > 0) return;
  ports_->clear();
  shut_down_promise_->deliver(completed{});
  shut_down_promise_.reset();
  self_->quit();
}

void stream_supervisor::leave_parent(const stream_key& key, const stream_record& r) {
  auto* port = r.opened.parent ? registry_.find(*r.opened.parent) : nullptr;
  if (port == nullptr) return;
  std::erase(port->berth.children, key);
  if (port->lives.closing() && port->berth.children.empty()) send_close(*port);
}

// The actor is gone and its sockets wait in the mooring: now, and not earlier, the stream is closed.
void stream_supervisor::finish(const stream_key& key, stream_record r) {
  const auto told = status_now(key, r);
  const auto& last = *told;
  leave_parent(key, r);
  const bool known = last.peer.is_set() && !r.berth.shared->several;
  openings_->give_back(key, r, {last.peer, known ? std::optional{last.ssrc} : std::nullopt, r.berth.shared->several});
  const auto in_vain = openings_->give_way(r);
  // Somebody wanted it closed while an open was about to take its place.
  if (in_vain && !r.awaited.closers.empty()) r.awaited.closed_by_request = true;
  stats_.closed(last);
  tally_.ended(key, last);
  if (r.lives.deadline) stats_.reclaim_time.observe(reclaim_bounds, now() - *r.lives.deadline);
  tell({.kind = event_kind::stream_closed, .stream = told});
  publisher_->ended(key, r);
  senders_->stream_ended(key, r.generation);

  for (std::size_t i = 0; i < r.awaited.closers.size(); ++i) {
    auto& closer = r.awaited.closers[i];
    if (i == 0 && r.awaited.closed_by_request)
      closer.deliver(closed{told});
    else
      closer.deliver(no_such_stream(key));
  }
  auto parked = std::move(r.awaited.opens);
  if (in_vain) {
    if (r.awaited.closers.empty()) openings_->bring_back(key, r);
    openings_->refuse(parked.front(), *in_vain);
    parked.pop_front();
  }
  openings_->open_parked(key, std::move(parked), r.lives.reason == close_reason::replaced && !in_vain);
}

caf::result<outcome<completed>> stream_supervisor::shut_down() {
  shutting_down_ = true;
  publisher_->stop();
  senders_->stop_all();
  registry_.for_each(std::nullopt, [&](const stream_key& key, stream_record& r) {
    if (!r.lives.closing()) begin_close(key, r, close_reason::shutdown);
    return true;
  });
  const promise<outcome<completed>> later{self_};
  shut_down_promise_ = later;
  end_if_empty();
  return later;
}

void stream_supervisor::tell(event e) {
  e.at = wall_now();
  self_->send(options_.events, std::move(e));
}

}  // namespace berth::actors
