#include "actors/supervisor/stream_commands.hpp"

#include <vector>

namespace berth::actors {

// The stream of that name; or, where guessing is allowed, the one idle stream of its app that fits.
outcome<stream_commands::found_stream> stream_commands::meant(const stream_key& wanted,
                                                              bool (*fits)(const stream_record&)) {
  const auto key = given_.streams.resolve(wanted);
  if (auto* r = given_.visible(key)) return found_stream{key, r};
  if (!given_.settings().guess_streams) return no_such_stream(wanted);
  std::vector<stream_key> candidates;
  given_.streams.for_each(std::nullopt, [&](const stream_key& k, const stream_record& r) {
    const bool idle = r.state == stream_state::listening && !r.request.multiplex && !r.parent && !r.request.source;
    if (k.vhost == wanted.vhost && k.app == wanted.app && idle && fits(r)) candidates.push_back(k);
    return true;
  });
  if (candidates.size() > 1)
    return reject(errc::ambiguous, "no stream " + to_string(wanted) + " is open, and " +
                                       std::to_string(candidates.size()) + " idle ones could be meant");
  auto* only = candidates.empty() ? nullptr : given_.visible(candidates.front());
  if (only == nullptr) return no_such_stream(wanted);
  return found_stream{candidates.front(), only};
}

caf::result<outcome<completed>> stream_commands::update_ssrc(const update_ssrc_request& request) {
  const auto found = meant(request.key, [](const stream_record& one) { return one.ssrc_filter != 0; });
  if (!found) return outcome<completed>{net::failure{found.error()}};
  const auto& [key, r] = *found;
  if (r->request.source) return outcome<completed>{no_such_stream(request.key)};
  if (r->request.multiplex || r->parent)
    return outcome<completed>{reject(errc::shared_port, to_string(key) + " is on shared port " +
                                                            std::to_string(r->local.port()) +
                                                            ", where the SSRC is what tells the streams apart")};
  r->ssrc_filter = request.ssrc;
  return pass_on(key, *r, set_ssrc_filter{request.ssrc});
}

caf::result<outcome<completed>> stream_commands::connect(const connect_request& request) {
  const auto found = meant(request.key, [](const stream_record& one) { return one.request.mode == tcp_mode::active; });
  if (!found) return outcome<completed>{net::failure{found.error()}};
  const auto& [key, r] = *found;
  if (r->request.mode != tcp_mode::active)
    return outcome<completed>{
        reject(errc::not_tcp_active, to_string(key) + " was not opened for TCP active (tcp_mode 2)")};
  return pass_on(key, *r, connect_command{request.remote, request.timeout});
}

// The stream answers; its end meanwhile is an answer too.
template <class Command>
caf::result<outcome<completed>> stream_commands::pass_on(const stream_key& key, const stream_record& r,
                                                         Command command) {
  auto promise = given_.self->make_response_promise<outcome<completed>>();
  given_.self->request(r.actor, caf::infinite, std::move(command))
      .then([promise](const outcome<completed>& answer) mutable { promise.deliver(answer); },
            [promise, key](const caf::error&) mutable {
              promise.deliver(outcome<completed>{reject(errc::stream_ended, to_string(key) + " was closed meanwhile")});
            });
  return promise;
}

caf::result<outcome<completed>> stream_commands::play_back(const playback_request& request) {
  const auto key = given_.streams.resolve(request.key);
  const auto* r = given_.visible(key);
  if (r == nullptr) return outcome<completed>{no_such_stream(request.key)};
  if (!r->request.source || !r->request.source->file)
    return outcome<completed>{reject(errc::not_seekable, to_string(request.key) + " does not come from a file")};
  return pass_on(key, *r, playback_command{request.position, request.speed});
}

// ---- fetching -----------------------------------------------------------------------------------------------------

caf::result<outcome<opened>> stream_commands::fetch(const fetch_request& request) {
  auto promise = given_.self->make_response_promise<outcome<opened>>();
  if (request.open.source->pushed && !request.open.publish)
    push(request, promise);
  else
    open_source(request.open, promise);
  return promise;
}

// A stranger who sends displaces nobody, and nothing is touched before it is known whether he may.
void stream_commands::push(const fetch_request& request, caf::typed_response_promise<outcome<opened>> promise) {
  const auto& key = request.open.key;
  if (!given_.streams.is_free(key)) {
    promise.deliver(outcome<opened>{reject(errc::stream_live, to_string(key) + " is there already")});
    return;
  }
  stream_status about;
  about.key = key;
  about.origin = stream_origin::push;
  about.peer = request.open.publisher;
  about.params = request.open.params;
  given_.publishing.ask_first(std::move(about),
                              [this, open = request.open, promise](outcome<publish_options> may) mutable {
                                if (!may) {
                                  promise.deliver(outcome<opened>{net::failure{may.error()}});
                                  return;
                                }
                                open.publish = std::move(*may);
                                open_source(open, promise);
                              });
}

void stream_commands::open_source(const open_request& open, caf::typed_response_promise<outcome<opened>> promise) {
  const auto supervisor = caf::actor_cast<supervisor_actor>(given_.self->ctrl());
  given_.self->request(supervisor, caf::infinite, open)
      .then(
          [this, promise](const outcome<opened>& answer) mutable {
            if (answer)
              begin(*answer, promise);
            else
              promise.deliver(answer);
          },
          [promise](const caf::error&) mutable {
            promise.deliver(outcome<opened>{reject(errc::shutting_down, "the daemon is shutting down")});
          });
}

void stream_commands::begin(opened stream, caf::typed_response_promise<outcome<opened>> promise) {
  const auto ended = [key = stream.stream.key] {
    return outcome<opened>{reject(errc::stream_ended, to_string(key) + " was closed meanwhile")};
  };
  const auto* r = given_.streams.find(stream.stream.key, stream.stream.generation);
  if (r == nullptr || !r->request.source) {
    promise.deliver(ended());
    return;
  }
  given_.self->request(r->actor, caf::infinite, begin_fetch{})
      .then(
          [this, promise, stream = std::move(stream)](const outcome<completed>& answer) mutable {
            const auto* ending = given_.streams.find(stream.stream.key, stream.stream.generation);
            if (answer)
              promise.deliver(outcome<opened>{std::move(stream)});
            else if (ending != nullptr && ending->publishing == publish_state::refused)
              promise.deliver(outcome<opened>{reject(errc::publish_refused, ending->publish_refusal)});
            else
              promise.deliver(outcome<opened>{net::failure{answer.error()}});
          },
          [promise, ended](const caf::error&) mutable { promise.deliver(ended()); });
}

}  // namespace berth::actors
