#include "actors/supervisor/stream_supervisor.hpp"

#include <algorithm>
#include <cstdio>
#include <iterator>

#include "actors/supervisor/launch.hpp"

namespace berth::actors {
namespace {

// Ends what is due within a fraction of the second that a reclaim may take.
constexpr auto tick_interval = std::chrono::milliseconds{100};

std::string name_of_ssrc(std::uint32_t ssrc) {
  char text[9];
  std::snprintf(text, sizeof text, "%08X", ssrc);
  return text;
}

errc code_of(net::errc code) {
  return code == net::errc::address_not_local || code == net::errc::bad_address ? errc::bad_address : errc::no_port;
}

outcome<opened> in_the_way(const stream_key& key, const stream_record& present, net::time_point now) {
  auto status = present.status(key, now);
  std::string where = present.request.source ? "" : " on port " + std::to_string(status.port());
  return net::failure{rejection{errc::stream_live,
                                to_string(key) + " is " + std::string{to_string(status.state)} + where +
                                    ", generation " + std::to_string(status.generation),
                                std::make_shared<stream_status>(std::move(status))}};
}

}  // namespace

stream_supervisor::handle::behavior_type stream_supervisor::start(supervisor_options options) {
  options_ = std::move(options);
  settings_ = options_.settings;
  ports_ = std::make_unique<net::port_allocator>(*options_.sockets, settings_->allocator, options_.first_port);
  publisher_.emplace(publisher::dependencies{
      self_, registry_, options_.hooks, [this]() -> const node_settings& { return *settings_; },
      [this] { return now(); },
      [this](const stream_key& key, stream_record& r, close_reason reason) { begin_close(key, r, reason); },
      [this](event_kind kind, const stream_key& key, const stream_record& r) { tell(kind, key, r); }});
  senders_.emplace(senders::dependencies{self_, registry_, *ports_, *options_.sockets,
                                         [this]() -> const node_settings& { return *settings_; },
                                         [this] { return now(); }, options_.wall_now, options_.place, options_.random,
                                         [this](event e) { tell(std::move(e)); }});
  commands_.emplace(stream_commands::dependencies{self_, registry_,
                                                  [this]() -> const node_settings& { return *settings_; },
                                                  [this](const stream_key& key) { return visible(key); }, *publisher_});
  apply(settings_);
  self_->set_down_handler([this](const caf::down_msg& down) { went_down(down); });
  self_->delayed_send(self_, tick_interval, caf::tick_atom_v);
  return {[this](const open_request& r) { return open(r); },
          [this](const close_request& r) { return close(r); },
          [this](const query_request& r) { return query(r); },
          [this](const list_request& r) { return list(r); },
          [this](const update_ssrc_request& r) { return commands_->update_ssrc(r); },
          [this](const connect_request& r) { return commands_->connect(r); },
          [this](const fetch_request& r) { return commands_->fetch(r); },
          [this](const playback_request& r) { return commands_->play_back(r); },
          [this](const idle_check_request& r) { return idle_check(r); },
          [this](const watch_request& r) { return publisher_->watch(r); },
          [this](const ports_request&) { return ports(); },
          [this](const stats_request&) { return stats(); },
          [this](const send_request& r) { return senders_->start(r); },
          [this](const stop_sending_request& r) { return senders_->stop(r); },
          [this](const senders_request& r) { return senders_->list(r); },
          [this](const talk_over& t) { senders_->talk_ended(t.id); },
          [this](const shutdown_request&) { return shut_down(); },
          [this](const node_settings_ptr& s) { apply(s); },
          [this](const stream_notice& n) { packets_arrived(n); },
          [this](const ssrc_arrived& a) { ssrc_announced(a); },
          [this](caf::tick_atom) { tick(); },
          [this](caf::flush_atom) { sweep(); }};
}

net::time_point stream_supervisor::now() const { return self_->clock().now(); }

moment stream_supervisor::moment_now() const { return {now(), options_.wall_now()}; }

// ---- opening ------------------------------------------------------------------------------------------------------

caf::result<outcome<opened>> stream_supervisor::open(const open_request& request) {
  had_ports had;
  if (auto answer = try_open(request, had)) return account(std::move(*answer), request);
  // The key is closing: its end goes on with this open.
  auto promise = self_->make_response_promise<outcome<opened>>();
  registry_.find(request.key)->parked.push_back({request, promise, std::move(had)});
  return promise;
}

std::optional<rejection> stream_supervisor::why_not_open(const open_request& request) const {
  if (shutting_down_) return rejection{errc::shutting_down, "the daemon is shutting down", {}};
  if (request.key == configured_key() && !request.configured)
    return rejection{errc::shared_port, to_string(request.key) + " is the name of the node's own shared port", {}};
  return std::nullopt;
}

// Nothing: the key is closing and the open has to wait for its end.
std::optional<outcome<opened>> stream_supervisor::try_open(const open_request& request, had_ports& had) {
  if (auto refused = why_not_open(request)) return net::failure{std::move(*refused)};
  auto wanted = record_of(request, *settings_, moment_now());
  if (!wanted) return net::failure{wanted.error()};
  const auto& key = request.key;
  auto* present = registry_.find(key);
  if (present != nullptr) look(key, *present);
  if (present == nullptr) return create(request, std::move(*wanted), had);
  if (request.source && request.source->pushed) return in_the_way(key, *present, now());
  if (present->state == stream_state::closing) return std::nullopt;
  const auto displace = [&]() -> std::optional<outcome<opened>> {
    if (auto failed = begin_displacing(key, *present, request, wanted->local_request, had))
      return net::failure{std::move(*failed)};
    return std::nullopt;
  };

  if (present->state == stream_state::listening) {
    if (!present->same_parameters(*wanted)) return displace();
    present->armed_at = now();
    present->paused_until.reset();
    return opened{present->status(key, now()), open_kind::same};
  }

  switch (request.on_conflict.value_or(settings_->on_conflict)) {
    case conflict_policy::reuse:
      return opened{present->status(key, now()), open_kind::reused};
    case conflict_policy::replace:
      return displace();
    case conflict_policy::error:
      break;
  }
  return in_the_way(key, *present, now());
}

// What can fail fails while the stream that is there is untouched. Only where its own port is wanted, or the last one
// of the range, has it to end first: then it comes back if the port can not be had after all.
std::optional<rejection> stream_supervisor::begin_displacing(const stream_key& key, stream_record& present,
                                                             const open_request& request, const net::endpoint& local,
                                                             had_ports& had) {
  if (auto refused = why_too_many(request, &present)) return refused;
  const auto figures = ports_->figures();
  const bool none_left = request.port == 0 && figures.free + figures.resting == 0;
  if (!request.source && !present.holds_port_of(request) && (!none_left || present.request.source || present.parent)) {
    auto got = ports_->allocate(ports_for(request, local), now());
    alarms_.allocation(!got, now());
    if (!got) return rejection{code_of(got.error().code), got.error().text, {}};
    had = std::move(*got);
  }
  present.displaced = present.state;
  begin_close(key, present, close_reason::replaced);
  return std::nullopt;
}

std::optional<rejection> stream_supervisor::why_too_many(const open_request& request,
                                                         const stream_record* displaced) const {
  const auto others = fetched_ - (displaced != nullptr && displaced->request.source ? 1 : 0);
  if (!request.source || others < settings_->max_sources) return std::nullopt;
  return rejection{
      errc::too_many_streams, std::to_string(others) + " streams are fetched already, the most that are allowed", {}};
}

outcome<opened> stream_supervisor::create(const open_request& request, stream_record r, had_ports& had) {
  if (request.source) return create_fetched(request, std::move(r));
  if (!had) {
    auto got = ports_->allocate(ports_for(request, r.local_request), now());
    alarms_.allocation(!got, now());
    if (!got) return reject(code_of(got.error().code), got.error().text);
    had = std::move(*got);
  }
  auto got = std::exchange(had, std::nullopt);
  r.shared->ports = std::move(got->ports);
  r.shared->receive_buffer = net::receive_buffer(r.shared->ports.rtp.get());
  r.local = r.shared->ports.local;
  r.generation = registry_.next_generation();
  if (auto failed = make_actor(request.key, r, got->banned)) {
    ports_->release(std::move(r.shared->ports), to_string(request.key), {}, now());
    return net::failure{std::move(*failed)};
  }
  const auto& inserted = insert(request.key, std::move(r));
  return opened{inserted.status(request.key, now()), open_kind::created};
}

// It takes no port. If the client has said how it is to be, nobody is asked whether it may.
outcome<opened> stream_supervisor::create_fetched(const open_request& request, stream_record r) {
  if (auto refused = why_too_many(request, nullptr)) return net::failure{std::move(*refused)};
  auto public_name = request.key;
  if (request.publish && !request.publish->stream_replace.empty()) public_name.stream = request.publish->stream_replace;
  if (public_name != request.key && !registry_.is_free(public_name))
    return reject(errc::publish_refused, "the name " + to_string(public_name) + " is taken by another stream");
  r.generation = registry_.next_generation();
  if (auto failed = make_actor(request.key, r, {})) return net::failure{std::move(*failed)};
  ++fetched_;
  if (public_name != request.key) registry_.rename(request.key, public_name);
  if (request.publish) publisher_->grant(r);
  return opened{insert(request.key, std::move(r)).status(request.key, now()), open_kind::created};
}

std::optional<rejection> stream_supervisor::make_actor(const stream_key& key, stream_record& r,
                                                       const net::endpoint& banned) {
  try {
    if (!r.parent) r.host = options_.place();
    r.actor = launch({self_, *settings_, *options_.sockets, options_.sources}, key, r, banned);
  } catch (const std::exception& e) {
    return rejection{errc::internal, std::string{"the stream's actor could not be made: "} + e.what(), {}};
  }
  return std::nullopt;
}

stream_record& stream_supervisor::insert(const stream_key& key, stream_record r) {
  auto& inserted = registry_.insert(key, std::move(r));
  remind(key, inserted, idle_deadline(inserted.facts(), inserted.limits(*settings_)));
  tell(event_kind::stream_opened, key, inserted);
  return inserted;
}

outcome<opened> stream_supervisor::account(outcome<opened> answer, const open_request& request) {
  if (!answer) {
    stats_.refused(answer.error().code);
    return answer;
  }
  stats_.opened(answer->kind);
  if (request.asked != net::time_point{}) stats_.open_time.observe(open_time_bounds, now() - request.asked);
  return answer;
}

void stream_supervisor::ssrc_announced(const ssrc_arrived& a) {
  auto* port = registry_.find(a.port_key, a.port_generation);
  if (port == nullptr || port->state == stream_state::closing || shutting_down_) return stats_.late_message();
  const stream_key key{a.port_key.vhost, a.port_key.app, name_of_ssrc(a.ssrc)};
  const auto refuse = [&](std::string why) { caf::anon_send(port->actor, refuse_ssrc{a.ssrc, std::move(why)}); };
  if (const auto* present = registry_.find(key))
    return refuse(to_string(key) + " is open already, on port " + std::to_string(present->local.port()));
  if (multiplexed_ >= settings_->max_multiplex_streams)
    return refuse("shared ports carry " + std::to_string(multiplexed_) + " streams, the most that are allowed");

  auto r = record_of(key, a, *port, *settings_, moment_now());
  r.generation = registry_.next_generation();
  if (auto failed = make_actor(key, r, {})) return refuse(failed->text);
  ++multiplexed_;
  port->children.push_back(key);
  insert(key, std::move(r));
}

// ---- answering ----------------------------------------------------------------------------------------------------

// What clients may know of: closing is over for everybody, so that no two answers can disagree on it.
stream_record* stream_supervisor::visible(const stream_key& key) {
  auto* r = registry_.find(key);
  if (r == nullptr) return nullptr;
  look(key, *r);
  return r->state == stream_state::closing ? nullptr : r;
}

outcome<stream_status> stream_supervisor::query(const query_request& request) {
  const auto key = registry_.resolve(request.key);
  const auto* r = visible(key);
  if (r == nullptr) return no_such_stream(request.key);
  return r->status(key, now());
}

stream_list stream_supervisor::list(const list_request& request) {
  stream_list answer;
  registry_.for_each(request.after, [&](const stream_key& key, stream_record& r) {
    if (!request.vhost.empty() && key.vhost != request.vhost) return true;
    if (!request.app.empty() && key.app != request.app) return true;
    if (!key.stream.starts_with(request.prefix) || r.request.configured) return true;
    look(key, r);
    if (r.state == stream_state::closing || (request.state && r.state != *request.state)) return true;
    if (request.watchable && !r.registered) return true;
    if (answer.streams.size() == request.limit) {
      answer.more = true;
      return false;
    }
    answer.streams.push_back(r.status(key, now()));
    return true;
  });
  return answer;
}

outcome<completed> stream_supervisor::idle_check(const idle_check_request& request) {
  const auto key = registry_.resolve(request.key);
  auto* r = visible(key);
  if (r == nullptr) return no_such_stream(request.key);
  if (r->state == stream_state::listening)
    return reject(errc::not_published, to_string(request.key) + " is open, but nothing has arrived yet");
  if (request.pause) {
    r->paused_until = now() + *request.pause;
  } else {
    r->paused_until.reset();
    r->armed_at = now();
  }
  look(key, *r);
  return completed{};
}

ports_report stream_supervisor::ports() { return {ports_->figures(), ports_->resting(), now()}; }

node_stats stream_supervisor::stats() {
  auto all = stats_;
  registry_.for_each(std::nullopt, [&](const stream_key&, const stream_record& r) {
    all.present(r.state, net::counter_values{r.shared->counters});
    return true;
  });
  senders_->count(all);
  all.ports = ports_->figures();
  all.alarms = alarms_.raised();
  return all;
}

// ---- living -------------------------------------------------------------------------------------------------------

void stream_supervisor::look(const stream_key& key, stream_record& r) {
  if (r.state == stream_state::closing) return;
  const auto facts = r.facts();
  const auto step = advance(r.state, life_event::look, facts, r.limits(*settings_), now());
  if (step.state == stream_state::closing) {
    r.deadline = idle_deadline(facts, r.limits(*settings_));
    begin_close(key, r, step.reason);
    return;
  }
  r.state = step.state;
  if (step.tell) tell(*step.tell, key, r);
  remind(key, r, step.next_look);
  remind(key, r, publisher_->look(key, r));
}

void stream_supervisor::remind(const stream_key& key, stream_record& r, std::optional<net::time_point> when) {
  if (!when || (r.queued_look && *r.queued_look <= *when)) return;
  r.queued_look = when;
  deadlines_.add(*when, key, r.generation);
}

void stream_supervisor::packets_arrived(const stream_notice& notice) {
  auto* r = registry_.find(notice.key, notice.generation);
  if (r == nullptr) return stats_.late_message();
  look(notice.key, *r);
  if (r->state == stream_state::closing) return;
  publisher_->arrived(notice.key, *r, notice.media);
  if (!notice.complete || r->state == stream_state::closing) return;
  publisher_->registered(notice.key, *r);
  remind(notice.key, *r, publisher_->look(notice.key, *r));
}

void stream_supervisor::tick() {
  while (const auto due = deadlines_.take_due(now())) {
    auto* r = registry_.find(due->key, due->generation);
    if (r == nullptr) continue;
    // An earlier reminder supersedes later ones, which then find nothing new to see.
    if (r->queued_look && *r->queued_look <= due->due) r->queued_look.reset();
    look(due->key, *r);
  }
  publisher_->expire();
  sweep();
  for (const auto& changed : alarms_.evaluate(ports_->figures(), now()))
    tell({.kind = changed.what, .alarm = std::make_shared<alarm_change>(changed.alarm)});
  if (!shutting_down_) self_->delayed_send(self_, tick_interval, caf::tick_atom_v);
}

// What is left has to wait behind the requests that are there by now.
void stream_supervisor::sweep() {
  if (ports_->sweep(now())) self_->send(self_, caf::flush_atom_v);
}

void stream_supervisor::apply(node_settings_ptr settings) {
  settings_ = std::move(settings);
  ports_->set_options(settings_->allocator);
  const auto& a = settings_->alarm;
  alarms_.set_limits({a.window, a.min_opens, a.raise_ratio, a.clear_ratio}, {a.pool_low_ratio, a.pool_clear_ratio});
  registry_.for_each(std::nullopt, [&](const stream_key& key, stream_record& r) {
    if (!r.request.idle_after) r.idle_after = settings_->idle_after;
    look(key, r);
    return true;
  });
}

// ---- ending -------------------------------------------------------------------------------------------------------

caf::result<outcome<closed>> stream_supervisor::close(const close_request& request) {
  const auto key = registry_.resolve(request.key);
  auto* r = registry_.find(key);
  if (r == nullptr || r->request.configured != request.configured) return outcome<closed>{no_such_stream(request.key)};
  if (r->state != stream_state::closing && request.generation && *request.generation != r->generation) {
    rejection differs{errc::generation_differs,
                      to_string(key) + " is generation " + std::to_string(r->generation) + ", not " +
                          std::to_string(*request.generation),
                      std::make_shared<stream_status>(r->status(key, now()))};
    return outcome<closed>{net::failure{std::move(differs)}};
  }
  auto promise = self_->make_response_promise<outcome<closed>>();
  // A close that comes while another one is under way is answered after it, when there is nothing left to close.
  r->closers.push_back(promise);
  if (r->state != stream_state::closing) {
    r->closed_by_request = true;
    begin_close(key, *r, close_reason::requested);
  }
  return promise;
}

void stream_supervisor::begin_close(const stream_key& key, stream_record& r, close_reason reason) {
  r.state = advance(r.state, life_event::close, r.facts(), r.limits(*settings_), now()).state;
  r.reason = reason;
  if (r.children.empty()) return send_close(r);
  // A shared port ends after the streams it feeds.
  for (const auto& child : std::vector{r.children}) {
    auto* c = registry_.find(child);
    if (c != nullptr && c->parent == key && c->state != stream_state::closing)
      begin_close(child, *c, close_reason::port_closed);
  }
}

void stream_supervisor::send_close(stream_record& r) {
  caf::anon_send<caf::message_priority::high>(r.actor, close_command{!is_timeout(r.reason)});
}

void stream_supervisor::went_down(const caf::down_msg& down) {
  if (senders_->went_down(down.source)) return end_if_empty();
  const auto* found = registry_.key_of(down.source);
  if (found == nullptr) return stats_.late_message();
  const auto key = *found;
  auto r = registry_.extract(key);
  if (r.state != stream_state::closing) {
    r.state = stream_state::closing;
    r.reason = r.request.source ? close_reason::source_ended : close_reason::failed;
  }
  finish(key, std::move(r));
  end_if_empty();
}

void stream_supervisor::end_if_empty() {
  if (!shut_down_promise_ || !registry_.empty() || !senders_->empty()) return;
  ports_->clear();
  shut_down_promise_->deliver(completed{});
  shut_down_promise_.reset();
  self_->quit();
}

// The actor is gone and its sockets wait in the mooring: now, and not earlier, the stream is closed.
void stream_supervisor::finish(const stream_key& key, stream_record r) {
  const auto last = r.status(key, now());
  if (r.parent) {
    --multiplexed_;
    if (auto* port = registry_.find(*r.parent)) {
      std::erase(port->children, key);
      if (port->state == stream_state::closing && port->children.empty()) send_close(*port);
    }
  } else if (r.request.source) {
    --fetched_;
  } else {
    ports_->release(std::move(r.shared->ports), to_string(key), last.peer, now());
    if (!give_way(key, r)) return;
  }
  stats_.closed(last);
  if (r.deadline) stats_.reclaim_time.observe(reclaim_bounds, now() - *r.deadline);
  tell(event_kind::stream_closed, key, r);
  publisher_->ended(key, r);
  senders_->stream_ended(key, r.generation);

  for (std::size_t i = 0; i < r.closers.size(); ++i) {
    if (i == 0 && r.closed_by_request)
      r.closers[i].deliver(outcome<closed>{closed{last}});
    else
      r.closers[i].deliver(outcome<closed>{no_such_stream(key)});
  }
  open_parked(key, std::move(r.parked), r.reason == close_reason::replaced);
}

// The open that takes its place may want the port that has just come free. False: it can not have it, and the stream is
// there again.
bool stream_supervisor::give_way(const stream_key& key, stream_record& r) {
  if (!r.displaced || r.parked.empty() || shutting_down_) return true;
  auto& next = r.parked.front();
  if (next.ports || next.request.source) return true;
  const auto wanted = record_of(next.request, *settings_, moment_now());
  if (!wanted) return true;
  auto got = ports_->allocate(ports_for(next.request, wanted->local_request), now());
  alarms_.allocation(!got, now());
  if (got) {
    next.ports = std::move(*got);
    return true;
  }
  return !come_back(key, r, {code_of(got.error().code), got.error().text, {}});
}

// With its port, its generation and its counters; what it was published as has ended with its actor.
bool stream_supervisor::come_back(const stream_key& key, stream_record& r, const rejection& why) {
  // Somebody else wanted it closed meanwhile.
  if (!r.closers.empty()) {
    r.closed_by_request = true;
    return false;
  }
  auto again = ports_->allocate(ports_for(r.request, r.local), now());
  if (!again) return false;
  r.shared->ports = std::move(again->ports);
  if (make_actor(key, r, {})) {
    ports_->release(std::move(r.shared->ports), to_string(key), {}, now());
    return false;
  }
  publisher_->ended(key, r);
  senders_->stream_ended(key, r.generation);
  r.state = *std::exchange(r.displaced, std::nullopt);
  r.reason = close_reason::none;
  r.publishing = publish_state::unasked;
  r.publish = {};
  r.media.reset();
  r.registered.reset();
  r.queued_look.reset();
  auto parked = std::move(r.parked);
  r.parked.clear();
  auto& back = registry_.insert(key, std::move(r));
  remind(key, back, idle_deadline(back.facts(), back.limits(*settings_)));
  parked.front().promise.deliver(account(net::failure{why}, parked.front().request));
  parked.pop_front();
  open_parked(key, std::move(parked), false);
  return true;
}

// `displaced`: the first open of them is what ended the former stream.
void stream_supervisor::open_parked(const stream_key& key, std::deque<parked_open> parked, bool displaced) {
  while (!parked.empty()) {
    auto [request, promise, had] = std::move(parked.front());
    parked.pop_front();
    auto answer = try_open(request, had);
    if (!answer) {
      // This one replaces what an earlier one of the queue has just opened: the rest waits behind it again.
      auto& again = registry_.find(key)->parked;
      again.push_back({std::move(request), std::move(promise), std::move(had)});
      std::move(parked.begin(), parked.end(), std::back_inserter(again));
      return;
    }
    if (had) ports_->release(std::move(had->ports), "an open of " + to_string(key) + " that was refused", {}, now());
    if (*answer && (*answer)->kind == open_kind::created && displaced) (**answer).kind = open_kind::replaced;
    displaced = false;
    promise.deliver(account(std::move(*answer), request));
  }
}

caf::result<completed> stream_supervisor::shut_down() {
  shutting_down_ = true;
  publisher_->stop();
  senders_->stop_all();
  registry_.for_each(std::nullopt, [&](const stream_key& key, stream_record& r) {
    if (r.state != stream_state::closing) begin_close(key, r, close_reason::shutdown);
    return true;
  });
  auto promise = self_->make_response_promise<completed>();
  shut_down_promise_ = promise;
  end_if_empty();
  return promise;
}

// ---- telling ------------------------------------------------------------------------------------------------------

void stream_supervisor::tell(event_kind kind, const stream_key& key, const stream_record& r) {
  tell({.kind = kind, .stream = std::make_shared<stream_status>(r.status(key, now()))});
}

void stream_supervisor::tell(event e) {
  e.at = options_.wall_now();
  self_->send(options_.events, std::move(e));
}

}  // namespace berth::actors
