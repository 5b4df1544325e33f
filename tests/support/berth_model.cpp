#include "tests/support/berth_model.hpp"

#include <algorithm>

namespace berth::tests {
namespace {

using ask = stream_request::kind;
using tell = stream_answer::kind;

std::string text(const stream_view& v) {
  return "port " + std::to_string(v.port) + " generation " + std::to_string(v.generation) +
         (v.live ? " live" : " idle");
}

}  // namespace

berth_model::state berth_model::start() const { return {std::vector<stream>(static_cast<std::size_t>(keys_)), 0}; }

void berth_model::arm(stream& t, instant since) const {
  if (idle_after_ == 0) return;
  const auto expiry = since + idle_after_;
  t.earliest_expiry = t.earliest_expiry == never ? expiry : std::max(t.earliest_expiry, expiry);
}

// An open without an answer leaves a stream whose figures nobody knows: the first answer that shows them fixes them.
bool berth_model::recognize(stream& known, const stream_view& told, bool live) {
  if (told.live != live) return false;
  if (known.view.generation == 0) {
    known.view.port = told.port;
    known.view.generation = told.generation;
    return true;
  }
  return known.view.port == told.port && known.view.generation == told.generation;
}

bool berth_model::displaces(const stream& present, const stream_request& r) const {
  if (!present.present) return false;
  return present.view.live ? r.on_conflict == conflict::replace : r.parameters != present.parameters;
}

std::optional<berth_model::state> berth_model::create(state s, const stream_operation& o) const {
  const auto& told = o.answer->stream;
  if (told.live || told.port == 0 || told.generation <= s.highest_generation) return std::nullopt;
  const bool taken =
      std::any_of(s.keys.begin(), s.keys.end(), [&](const stream& t) { return t.present && t.view.port == told.port; });
  if (taken) return std::nullopt;
  s.highest_generation = told.generation;
  auto& t = s.keys[static_cast<std::size_t>(o.request.key)];
  t = {true, told, o.request.parameters, never};
  arm(t, o.invoked);
  return s;
}

std::optional<berth_model::state> berth_model::open(const state& s, const stream_operation& o) const {
  auto next = s;
  auto& t = next.keys[static_cast<std::size_t>(o.request.key)];
  const auto& told = o.answer->stream;
  switch (o.answer->what) {
    case tell::no_port:
      // What an open in vain would have displaced is still there.
      return t.present && !displaces(t, o.request) ? std::nullopt : std::optional{next};
    case tell::refused:
      if (!t.present || !t.view.live || o.request.on_conflict != conflict::error) return std::nullopt;
      return recognize(t, told, true) ? std::optional{next} : std::nullopt;
    case tell::opened:
      break;
    default:
      return std::nullopt;
  }
  if (!t.present) return create(std::move(next), o);
  // What is displaced vanishes first, by an internal step.
  if (displaces(t, o.request)) return std::nullopt;
  if (t.view.live) {
    if (o.request.on_conflict != conflict::reuse) return std::nullopt;
    return recognize(t, told, true) ? std::optional{next} : std::nullopt;
  }
  if (!recognize(t, told, false)) return std::nullopt;
  arm(t, o.invoked);
  return next;
}

std::optional<berth_model::state> berth_model::apply(const state& s, const stream_operation& o) const {
  const auto& told = *o.answer;
  if (o.request.what == ask::open) return open(s, o);

  auto next = s;
  auto& t = next.keys[static_cast<std::size_t>(o.request.key)];
  switch (o.request.what) {
    case ask::query:
      if (told.what != tell::info || told.hit != (t.present && t.view.live)) return std::nullopt;
      // An idle stream may be shown or not; an absent one has nothing to show.
      if (told.stream.port != 0 || told.hit)
        if (!t.present || !recognize(t, told.stream, t.view.live)) return std::nullopt;
      return next;
    case ask::list: {
      if (told.what != tell::listed) return std::nullopt;
      for (int key = 0; key < keys_; ++key) {
        auto& known = next.keys[static_cast<std::size_t>(key)];
        const auto shown = told.streams.find(key);
        if (known.present != (shown != told.streams.end())) return std::nullopt;
        if (known.present && !recognize(known, shown->second, known.view.live)) return std::nullopt;
      }
      return next;
    }
    case ask::close:
      if (told.what != tell::closed || told.hit != t.present) return std::nullopt;
      t = {};
      return next;
    default:
      return std::nullopt;
  }
}

std::vector<berth_model::state> berth_model::outcomes(const state& s, const stream_operation& o) const {
  auto next = s;
  auto& t = next.keys[static_cast<std::size_t>(o.request.key)];
  switch (o.request.what) {
    case ask::feed:
      // A packet for a live stream only delays its time-out, and nothing forces a time-out: it need not be placed.
      if (!t.present || t.view.live || t.view.generation != o.request.generation) return {};
      t.view.live = true;
      arm(t, o.invoked);
      return {next};
    case ask::open:
      if (t.present) return {};
      t = {true, {}, o.request.parameters, never};
      arm(t, o.invoked);
      return {next};
    case ask::close:
      if (!t.present) return {};
      t = {};
      return {next};
    default:
      return {};
  }
}

std::vector<berth_model::state> berth_model::internal(const state& s, instant horizon,
                                                      const std::vector<const stream_operation*>& in_flight) const {
  std::vector<state> found;
  for (std::size_t key = 0; key < s.keys.size(); ++key) {
    const auto& t = s.keys[key];
    if (!t.present) continue;
    const bool displaced = std::any_of(in_flight.begin(), in_flight.end(), [&](const stream_operation* o) {
      const bool in_vain = o->answer && o->answer->what == tell::no_port;
      return o->request.what == ask::open && static_cast<std::size_t>(o->request.key) == key && !in_vain &&
             displaces(t, o->request);
    });
    if (!displaced && t.earliest_expiry > horizon) continue;
    auto next = s;
    next.keys[key] = {};
    found.push_back(std::move(next));
  }
  return found;
}

std::string berth_model::fingerprint(const state& s) const {
  std::string all = std::to_string(s.highest_generation);
  for (const auto& t : s.keys) {
    all += '|';
    if (!t.present) continue;
    all += std::to_string(t.view.port) + ',' + std::to_string(t.view.generation) + ',' + (t.view.live ? '1' : '0') +
           ',' + std::to_string(t.parameters) + ',' + std::to_string(t.earliest_expiry);
  }
  return all;
}

std::string berth_model::describe(const stream_operation& o) const {
  const auto& r = o.request;
  std::string all = "client " + std::to_string(o.client) + " [" + std::to_string(o.invoked / 1000) + " us, " +
                    (o.answer ? std::to_string(o.returned / 1000) + " us] " : "...) ");
  switch (r.what) {
    case ask::open:
      all += "open(" + std::to_string(r.key) + ", parameters " + std::to_string(r.parameters) + ", " +
             (r.on_conflict == conflict::error   ? "error"
              : r.on_conflict == conflict::reuse ? "reuse"
                                                 : "replace") +
             ")";
      break;
    case ask::query:
      all += "query(" + std::to_string(r.key) + ")";
      break;
    case ask::list:
      all += "list()";
      break;
    case ask::close:
      all += "close(" + std::to_string(r.key) + ")";
      break;
    case ask::feed:
      all += "feed(" + std::to_string(r.key) + ", generation " + std::to_string(r.generation) + ")";
      break;
  }
  if (!o.answer) return all + " -> ?";
  const auto& a = *o.answer;
  switch (a.what) {
    case tell::opened:
      return all + " -> " + text(a.stream);
    case tell::refused:
      return all + " -> refused, " + text(a.stream);
    case tell::no_port:
      return all + " -> no port";
    case tell::info:
      return all + (a.hit ? " -> exists, " : " -> does not exist, ") + text(a.stream);
    case tell::closed:
      return all + (a.hit ? " -> hit" : " -> no hit");
    case tell::listed:
      break;
  }
  all += " ->";
  for (const auto& [key, v] : a.streams) all += " {" + std::to_string(key) + ": " + text(v) + "}";
  return all;
}

std::string berth_model::describe(const state& s) const {
  std::string all;
  for (std::size_t key = 0; key < s.keys.size(); ++key)
    all += "{" + std::to_string(key) + ": " + (s.keys[key].present ? text(s.keys[key].view) : "absent") + "} ";
  return all;
}

}  // namespace berth::tests
