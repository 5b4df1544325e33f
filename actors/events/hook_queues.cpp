#include "actors/events/hook_queues.hpp"

#include <algorithm>
#include <utility>

namespace berth::actors {
namespace {

hook_lane_key lane_of(const event& e) {
  if (e.stream) return {hook_lane_key::kind::stream, e.stream->key};
  if (e.who) return {hook_lane_key::kind::stream, e.who->key};
  if (e.alarm) return {hook_lane_key::kind::alarm, {"", "", e.alarm->name}};
  return {hook_lane_key::kind::server, {}};
}

void add_changed(std::vector<hook_call>& calls, const event& e, const hook_settings& settings) {
  for (std::size_t i = 0; i < net::schema_count; ++i)
    if (settings.changed_schemas[i] && e.stream->publish.schemas[i])
      calls.push_back({hook_name::stream_changed, static_cast<net::schema>(i)});
}

}  // namespace

std::vector<hook_call> hooks_for(const event& e, const hook_settings& settings) {
  std::vector<hook_call> calls;
  switch (e.kind) {
    case event_kind::stream_closed:
      if (!e.stream) break;
      // The configured port never idles out for its clients, and a stream on a shared port has no server of its own.
      if (is_timeout(e.stream->reason) && !e.stream->configured && e.stream->parent_port == 0)
        calls.push_back({hook_name::rtp_server_timeout});
      break;
    case event_kind::media_registered:
      add_changed(calls, e, settings);
      break;
    case event_kind::media_unregistered:
      add_changed(calls, e, settings);
      if (e.stream && e.stream->counters.accepted_bytes >= settings.flow_threshold)
        calls.push_back({hook_name::flow_report});
      break;
    case event_kind::viewer_left:
      if (e.taken && e.taken->bytes >= settings.flow_threshold) calls.push_back({hook_name::flow_report});
      break;
    case event_kind::recorded:
      calls.push_back({hook_name::record_mp4});
      break;
    case event_kind::sender_stopped:
      if (e.sender && e.sender->end != send_end::stopped) calls.push_back({hook_name::send_rtp_stopped});
      break;
    case event_kind::alarm_raised:
    case event_kind::alarm_cleared:
      if (e.alarm) calls.push_back({hook_name::alarm});
      break;
    case event_kind::server_started:
      calls.push_back({hook_name::server_started});
      break;
    case event_kind::server_exited:
      calls.push_back({hook_name::server_exited});
      break;
    case event_kind::stream_opened:
    case event_kind::stream_active:
    case event_kind::stream_stalled:
    case event_kind::sender_started:
      break;
  }
  return calls;
}

hook_queues::hook_queues(hook_settings_ptr settings, std::function<double()> random, net::time_point now)
    : settings_(std::make_shared<const hook_settings>()), random_(std::move(random)) {
  apply(std::move(settings), now);
}

// ---- settings -----------------------------------------------------------------------------------------------------

void hook_queues::apply(hook_settings_ptr settings, net::time_point now) {
  const auto before = std::exchange(settings_, std::move(settings));
  rearm_keepalive(*before, now);
  if (before->enabled == settings_->enabled && before->urls == settings_->urls) return;
  name_receivers();
  drop_what_is_off();
  line_up_again();
}

void hook_queues::rearm_keepalive(const hook_settings& before, net::time_point now) {
  constexpr auto hook = hook_name::server_keepalive;
  if (!settings_->is_on(hook) || settings_->alive_interval <= net::duration::zero())
    keepalive_due_.reset();
  else if (!keepalive_due_ || before.alive_interval != settings_->alive_interval)
    keepalive_due_ = now + settings_->alive_interval;
}

void hook_queues::name_receivers() {
  for (std::size_t i = 0; i < hook_name_count; ++i) receiver_names_[i] = receiver_of(settings_->urls[i]);
}

void hook_queues::drop_what_is_off() {
  const auto is_off = [this](const entry& e) { return !settings_->is_on(e.name); };
  std::erase_if(backing_off_, [&](const auto& waiting) {
    lane& l = *waiting.second;
    l.backing_off = !is_off(l.queue.front());
    return !l.backing_off;
  });
  for (auto& [key, l] : lanes_) {
    const auto first = l.queue.begin() + (l.under_way ? 1 : 0);  // a try under way ends by itself
    const auto last = std::remove_if(first, l.queue.end(), [&](const entry& e) {
      if (is_off(e)) drop(e);
      return is_off(e);
    });
    total_ -= static_cast<std::size_t>(l.queue.end() - last);
    l.queue.erase(last, l.queue.end());
  }
  std::erase_if(lanes_, [](const auto& l) { return l.second.queue.empty(); });
}

void hook_queues::line_up_again() {
  for (auto& [name, r] : receivers_) {
    r.ready.clear();
    r.pending = 0;
  }
  std::erase_if(receivers_, [this](const auto& r) {
    const bool named = std::find(receiver_names_.begin(), receiver_names_.end(), r.first) != receiver_names_.end();
    return !named && r.second.under_way == 0;
  });
  for (const auto& name : receiver_names_) receivers_[name];
  for (auto& [key, l] : lanes_) {
    for (const auto& e : l.queue) ++receiver_for(e.name).pending;
    if (!l.under_way && !l.backing_off) make_ready(l);
  }
}

// ---- events come in -----------------------------------------------------------------------------------------------

void hook_queues::take(const event_ptr& e) {
  exited_ = exited_ || e->kind == event_kind::server_exited;
  for (const auto& call : hooks_for(*e, *settings_)) {
    if (!settings_->is_on(call.name)) continue;
    enqueue(lane_of(*e), {next_id_, call.name, e, call.schema});
  }
}

std::optional<std::uint64_t> hook_queues::ask(const hook_question_ptr& question) {
  if (!settings_->is_on(question->name)) return std::nullopt;
  const auto id = next_id_;
  const auto* stream = std::get_if<stream_status>(&question->about);
  const bool in_order = question->name == hook_name::publish && stream != nullptr;
  const auto place = in_order ? hook_lane_key{hook_lane_key::kind::stream, stream->key}
                              : hook_lane_key{hook_lane_key::kind::question, {}, id};
  enqueue(place, {id, question->name, nullptr, std::nullopt, question});
  return id;
}

bool hook_queues::enqueue(const hook_lane_key& key, entry e) {
  ++next_id_;
  ++count(e.name).taken;
  auto& l = lanes_[key];
  if (l.queue.empty()) l.key = key;
  if (!make_room(l)) {
    drop(e);
    if (l.queue.empty()) lanes_.erase(hook_lane_key{key});
    return false;
  }
  ++total_;
  ++receiver_for(e.name).pending;
  l.queue.push_back(std::move(e));
  if (l.queue.size() == 1) make_ready(l);
  return true;
}

void hook_queues::drop(const entry& e) {
  ++count(e.name).dropped;
  if (e.question) ended_.push_back({e.id, hook_outcome::failed("the question was dropped, too many hooks wait")});
}

bool hook_queues::make_room(lane& newcomer) {
  if (newcomer.untried() >= std::max<std::size_t>(1, settings_->queue_limit)) drop_oldest_untried(newcomer);
  if (total_ < std::max<std::size_t>(1, settings_->total_limit)) return true;
  if (newcomer.untried() > 0) {
    drop_oldest_untried(newcomer);
    return true;
  }
  // Whoever lets most wait gives way: a dead receiver must not cost the others their deliveries.
  const auto most = std::max_element(receivers_.begin(), receivers_.end(),
                                     [](const auto& a, const auto& b) { return a.second.pending < b.second.pending; });
  for (const auto& [id, ready] : most->second.ready) {
    lane* const l = ready;  // the drop takes its entry out of this map
    if (l->untried() == 0) continue;
    drop_oldest_untried(*l);
    if (l->queue.empty()) lanes_.erase(hook_lane_key{l->key});
    return true;
  }
  return false;
}

void hook_queues::drop_oldest_untried(lane& l) {
  const bool head = l.queue.front().attempts == 0;
  const auto at = l.queue.begin() + (head ? 0 : 1);
  if (head) receiver_for(at->name).ready.erase(at->id);
  drop(*at);
  --total_;
  --receiver_for(at->name).pending;
  l.queue.erase(at);
  if (head && !l.queue.empty()) make_ready(l);
}

void hook_queues::make_ready(lane& l) { receiver_for(l.queue.front().name).ready.emplace(l.queue.front().id, &l); }

// ---- tries go out -------------------------------------------------------------------------------------------------

std::vector<hook_queues::delivery_ptr> hook_queues::start(net::time_point now) {
  std::vector<delivery_ptr> out;
  last_word_held_ = false;
  start_keepalive(now, out);
  while (!backing_off_.empty() && backing_off_.begin()->first <= now) {
    lane& l = *backing_off_.begin()->second;
    backing_off_.erase(backing_off_.begin());
    l.backing_off = false;
    make_ready(l);
  }
  for (auto& [name, r] : receivers_) {
    while (may_start(r, now)) {
      lane& l = *r.ready.begin()->second;
      if (l.queue.front().name == hook_name::server_exited && waits_for_others(now)) break;
      r.ready.erase(r.ready.begin());
      l.under_way = true;
      ++r.under_way;
      entry& head = l.queue.front();
      ++head.attempts;
      ++(head.attempts == 1 ? count(head.name).sent : count(head.name).retried);
      flights_.emplace(head.id, flight{&l, head.name, head.attempts, name});
      out.push_back(make_delivery(head));
    }
  }
  return out;
}

// The last word comes behind all others that are under way, or could be, as long as there is time for them. Who is not
// there, and what waits to be tried again, is not waited for.
bool hook_queues::waits_for_others(net::time_point now) {
  if (last_word_said_) return false;
  if (!last_word_due_) last_word_due_ = now + longest_wait_for_others;
  const auto alive = [this](const std::string& name) {
    const auto found = receivers_.find(name);
    return found != receivers_.end() && !found->second.dead();
  };
  const bool under_way =
      std::any_of(flights_.begin(), flights_.end(), [&](const auto& f) { return alive(f.second.receiver); });
  const bool others_ready = std::any_of(receivers_.begin(), receivers_.end(), [](const auto& r) {
    return !r.second.dead() && !r.second.ready.empty() &&
           r.second.ready.begin()->second->queue.front().name != hook_name::server_exited;
  });
  last_word_held_ = (under_way || others_ready) && now < *last_word_due_;
  last_word_said_ = !last_word_held_;
  return last_word_held_;
}

void hook_queues::end_by(net::time_point deadline, net::time_point now) {
  const auto due = now + (deadline - now) / 2;
  last_word_due_ = last_word_due_ ? std::min(*last_word_due_, due) : due;
}

bool hook_queues::may_start(const receiver& r, net::time_point now) const {
  if (r.ready.empty()) return false;
  if (r.dead()) return r.under_way == 0 && now >= r.next_probe;
  return r.under_way < std::max<std::size_t>(1, settings_->max_connections);
}

void hook_queues::start_keepalive(net::time_point now, std::vector<delivery_ptr>& out) {
  if (exited_ || !keepalive_due_ || *keepalive_due_ > now) return;
  *keepalive_due_ += settings_->alive_interval;
  if (*keepalive_due_ <= now) keepalive_due_ = now + settings_->alive_interval;  // missed ones are not made up for
  constexpr auto name = hook_name::server_keepalive;
  ++count(name).taken;
  if (keepalives_ == max_keepalives) {
    ++count(name).dropped;
    return;
  }
  ++keepalives_;
  ++count(name).sent;
  entry e{next_id_++, name, nullptr, std::nullopt};
  e.attempts = 1;
  flights_.emplace(e.id, flight{nullptr, name, 1, receiver_name(name)});
  out.push_back(make_delivery(e));
}

hook_queues::delivery_ptr hook_queues::make_delivery(const entry& e) const {
  return std::make_shared<const hook_delivery>(
      hook_delivery{e.id, e.name, settings_->url(e.name), e.event, e.question, e.schema, e.attempts, settings_});
}

// ---- answers come in ----------------------------------------------------------------------------------------------

void hook_queues::finish(std::uint64_t id, unsigned attempt, const hook_outcome& outcome, net::time_point now) {
  const auto found = flights_.find(id);
  if (found == flights_.end() || found->second.attempt != attempt) return;
  const flight f = std::move(found->second);
  flights_.erase(found);

  const bool failed = outcome.what == hook_outcome::result::failed;
  if (failed)
    stats_.last_failure =
        std::string{to_string(f.name)} + " to " + f.receiver + ", try " + std::to_string(attempt) + ": " + outcome.text;
  judge(f, failed, now);
  if (f.of == nullptr) {
    --keepalives_;
    account(f.name, outcome);
    return;
  }
  lane& l = *f.of;
  l.under_way = false;
  if (failed && attempt <= settings_->retries && settings_->is_on(f.name)) {
    l.backing_off = true;
    backing_off_.emplace(now + back_off(attempt), &l);
    return;
  }
  account(f.name, outcome);
  if (l.queue.front().question) ended_.push_back({id, outcome});
  end_head(l);
}

void hook_queues::account(hook_name name, const hook_outcome& outcome) {
  switch (outcome.what) {
    case hook_outcome::result::delivered:
      ++count(name).delivered;
      return;
    case hook_outcome::result::refused:
      ++count(name).refused;
      return;
    case hook_outcome::result::failed:
      ++count(name).failed;
      return;
  }
}

void hook_queues::end_head(lane& l) {
  --total_;
  --receiver_for(l.queue.front().name).pending;
  l.queue.pop_front();
  if (l.queue.empty())
    lanes_.erase(hook_lane_key{l.key});
  else
    make_ready(l);
}

void hook_queues::judge(const flight& f, bool failed, net::time_point now) {
  const auto found = receivers_.find(f.receiver);
  if (found == receivers_.end()) return;  // no URL names it any more
  receiver& r = found->second;
  if (f.of != nullptr) --r.under_way;
  if (!failed) {
    const bool was_dead = r.dead();
    r.failures = 0;
    if (was_dead) end_back_off(f.receiver);
    return;
  }
  if (!r.dead()) ++r.failures;
  r.next_probe = now + settings_->retry_delay;
}

// What failed since nobody was there has waited long enough when somebody is.
void hook_queues::end_back_off(const std::string& of) {
  std::erase_if(backing_off_, [&](const auto& waiting) {
    lane& l = *waiting.second;
    if (receiver_name(l.queue.front().name) != of) return false;
    l.backing_off = false;
    make_ready(l);
    return true;
  });
}

// Twice as long after each further failure, and up to a quarter more, so that what failed together is not tried
// together.
net::duration hook_queues::back_off(unsigned attempt) {
  auto delay = settings_->retry_delay;
  const auto longest = std::max(longest_back_off, settings_->retry_delay);
  for (unsigned i = 1; i < attempt && delay < longest; ++i) delay *= 2;
  delay = std::min(delay, longest);
  const auto jitter = std::chrono::duration<double>(delay) * (0.25 * std::clamp(random_(), 0.0, 1.0));
  return delay + std::chrono::duration_cast<net::duration>(jitter);
}

// ---- questions ----------------------------------------------------------------------------------------------------

std::optional<net::time_point> hook_queues::next_deadline() const {
  auto next = exited_ ? std::nullopt : keepalive_due_;
  const auto consider = [&](net::time_point t) {
    if (!next || t < *next) next = t;
  };
  if (last_word_held_) consider(*last_word_due_);
  if (!backing_off_.empty()) consider(backing_off_.begin()->first);
  for (const auto& [name, r] : receivers_) {
    const bool held =
        last_word_held_ && !r.ready.empty() && r.ready.begin()->second->queue.front().name == hook_name::server_exited;
    if (r.dead() && !r.ready.empty() && r.under_way == 0 && !held) consider(r.next_probe);
  }
  return next;
}

hook_stats hook_queues::stats() const {
  hook_stats s = stats_;
  for (auto& h : s.hooks) h.queued = h.taken - h.delivered - h.refused - h.failed - h.dropped;
  s.in_flight = flights_.size();
  for (const auto& [name, r] : receivers_) s.dead_receivers += r.dead() ? 1 : 0;
  return s;
}

}  // namespace berth::actors
