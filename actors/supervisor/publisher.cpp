#include "actors/supervisor/publisher.hpp"

#include <algorithm>

namespace berth::actors {
namespace {

constexpr auto shortest_look = std::chrono::milliseconds{100};

outcome<watched> refusal(errc code, std::string why) { return reject(code, std::move(why)); }

outcome<watched> not_there(const stream_key& key, std::string_view why) {
  return refusal(errc::not_found, "no stream " + to_string(key) + " can be watched" + std::string{why});
}

outcome<watched> pass_for(const stream_key& key, const stream_record& r, net::schema as) {
  if (!net::contains(r.published.options().schemas, as))
    return refusal(errc::schema_off, "stream " + to_string(r.public_key(key)) + " is not served as " +
                                         std::string{net::to_string(as)} + ": its publish options switch that off");
  return watched{r.public_key(key), r.generation, net::frames_of(r.published.media())};
}

member_lookup members_of(const hook_outcome& answer) {
  return [&answer](std::string_view name) { return answer.member(name); };
}

std::string reason_of(const hook_outcome& answer) {
  if (answer.what == hook_outcome::result::failed) return "the hook could not be asked: " + answer.text;
  return answer.text.empty() ? "code " + std::to_string(answer.code) : answer.text;
}

}  // namespace

// An answer may come after the stream that it is about: `then` has to look it up again.
void publisher::ask(hook_question question, answer_handler then) {
  if (!given_.hooks) return then(hook_outcome::delivered());
  given_.self->request(given_.hooks, caf::infinite, std::move(question))
      .then([then](const hook_outcome& answer) { then(answer); },
            [then](const caf::error&) { then(hook_outcome::failed("the hook dispatcher is gone")); });
}

// ---- publishing ---------------------------------------------------------------------------------------------------

void publisher::arrived(const stream_key& key, stream_record& r, const net::live_media_ptr& media) {
  if (!media || !r.published.begin(media)) return;
  ask({hook_name::publish, given_.keeper.status(key, r)},
      [this, key, generation = r.generation](const hook_outcome& answer) {
        auto* present = given_.streams.find(key, generation);
        if (present != nullptr && !present->lives.closing()) publish_answered(key, *present, answer);
      });
}

void publisher::ask_first(stream_status about, std::function<void(outcome<publish_options>)> then) {
  ask({hook_name::publish, std::move(about)}, [this, then = std::move(then)](const hook_outcome& answer) {
    if (answer.what == hook_outcome::result::delivered)
      return then(obey(given_.keeper.settings().publish, members_of(answer)));
    then(reject(errc::publish_refused, "on_publish: " + reason_of(answer)));
  });
}

void publisher::publish_answered(const stream_key& key, stream_record& r, const hook_outcome& answer) {
  if (answer.what != hook_outcome::result::delivered) return refuse(key, r, reason_of(answer));
  auto options = obey(given_.keeper.settings().publish, members_of(answer));
  auto name = key;
  if (!options.stream_replace.empty()) name.stream = options.stream_replace;
  if (name != key && !given_.streams.rename(key, name))
    return refuse(key, r, "the name " + to_string(name) + " that on_publish gave is taken by another stream");
  grant(r, std::move(options));
}

void publisher::grant(stream_record& r, publish_options options) {
  r.published.grant(std::move(options));
  r.berth.grant(r.published.options());
}

void publisher::refuse(const stream_key& key, stream_record& r, std::string why) {
  r.published.refuse("on_publish: " + why);
  given_.keeper.begin_close(key, r, close_reason::publish_refused);
}

void publisher::registered(const stream_key& key, stream_record& r) {
  if (!r.published.complete(given_.keeper.now())) return;
  given_.keeper.tell(event_kind::media_registered, key, r);
  const auto name = r.public_key(key);
  for (auto& w : waiting_.take(name)) w.later.deliver(pass_for(key, r, w.as));
  if (name == key) return;
  for (auto& w : waiting_.take(key)) w.later.deliver(pass_for(key, r, w.as));
}

void publisher::ended(const stream_key& key, const stream_record& r) {
  if (r.published.registered()) given_.keeper.tell(event_kind::media_unregistered, key, r);
}

// ---- watching -----------------------------------------------------------------------------------------------------

caf::result<outcome<watched>> publisher::watch(const watch_request& request) {
  const watch_promise later{given_.self};
  ask({hook_name::play, request.who}, [this, request, later](const hook_outcome& answer) {
    if (answer.what == hook_outcome::result::delivered) return admit(request, later);
    later.deliver(refusal(errc::play_refused, reason_of(answer)));
  });
  return later;
}

// An answer, or none if the viewer has to wait.
std::optional<outcome<watched>> publisher::find(const watch_request& request) const {
  const auto& wanted = request.who.key;
  if (given_.keeper.shutting_down()) return refusal(errc::shutting_down, "the daemon is shutting down");
  const auto key = given_.streams.resolve(wanted);
  const auto* r = given_.streams.find(key);
  if (r != nullptr && !r->lives.closing() && r->published.registered()) return pass_for(key, *r, request.who.as);
  if (request.wait == net::duration::zero()) return not_there(wanted, "");
  if (waiting_.size() < given_.keeper.settings().max_waiting_viewers) return std::nullopt;
  return refusal(errc::too_many_streams,
                 std::to_string(waiting_.size()) + " viewers wait for streams already, the most that are allowed");
}

void publisher::admit(const watch_request& request, const watch_promise& later) {
  const auto& wanted = request.who.key;
  if (auto answer = find(request)) {
    later.deliver(std::move(*answer));
    return;
  }
  const bool first = waiting_.add({wanted, request.who.as, later}, given_.keeper.now() + request.wait);
  const auto* r = given_.streams.find(given_.streams.resolve(wanted));
  if (first && (r == nullptr || r->lives.closing())) ask_for_missing(request.who);
}

void publisher::ask_for_missing(const viewer& who) {
  ask({hook_name::stream_not_found, who}, [this, key = who.key](const hook_outcome& answer) {
    const auto* close = answer.member("close");
    if (close == nullptr || (*close != "true" && *close != "1")) return;
    for (auto& w : waiting_.take(key)) w.later.deliver(not_there(key, ", says on_stream_not_found"));
  });
}

outcome<media_handle> publisher::media(const media_request& request) {
  const auto key = given_.streams.resolve(request.key);
  const auto* r = given_.keeper.visible(key);
  if (r == nullptr) return no_such_stream(request.key);
  if (request.generation && *request.generation != r->generation)
    return reject(errc::generation_differs, to_string(key) + " is generation " + std::to_string(r->generation) +
                                                ", not " + std::to_string(*request.generation));
  if (!r->published.registered())
    return reject(errc::not_published,
                  "stream " + to_string(request.key) + " has no media yet: its tracks are not complete");
  return media_handle{given_.keeper.status(key, *r), net::frames_of(r->published.media())};
}

void publisher::expire() {
  for (auto& late : waiting_.take_due(given_.keeper.now()))
    late.later.deliver(not_there(late.key, "; it did not come in time"));
}

void publisher::stop() {
  for (auto& late : waiting_.take_all())
    late.later.deliver(refusal(errc::shutting_down, "the daemon is shutting down"));
}

// ---- nobody watches -----------------------------------------------------------------------------------------------

std::optional<net::time_point> publisher::look(const stream_key& key, stream_record& r) {
  auto& published = r.published;
  if (!published.registered() || published.asking_unwatched()) return std::nullopt;
  const auto now = given_.keeper.now();
  const auto patience = given_.keeper.settings().none_reader_after;
  // Looked at again at once, it would be looked at for ever.
  const auto again = now + std::max<net::duration>(patience, shortest_look);
  if (published.is_watched()) return again;
  const auto due = published.unwatched_for(patience);
  if (now < due) return due;
  const bool asks = !published.options().auto_close;
  published.ask_unwatched(now, asks);
  if (!asks) {
    given_.keeper.begin_close(key, r, close_reason::unwatched);
    return std::nullopt;
  }
  ask({hook_name::stream_none_reader, given_.keeper.status(key, r)},
      [this, key, generation = r.generation](const hook_outcome& answer) {
        auto* present = given_.streams.find(key, generation);
        if (present != nullptr && !present->lives.closing()) unwatched_answered(key, *present, answer);
      });
  // An answer that was there at once has changed the record.
  return r.lives.closing() ? std::nullopt : std::optional{again};
}

void publisher::unwatched_answered(const stream_key& key, stream_record& r, const hook_outcome& answer) {
  r.published.unwatched_answered();
  const auto* close = answer.member("close");
  if (close == nullptr || (*close != "true" && *close != "1")) return;
  if (!r.published.is_watched()) given_.keeper.begin_close(key, r, close_reason::unwatched);
}

}  // namespace berth::actors
