#include "actors/supervisor/stream_commands.hpp"

#include <vector>

namespace berth::actors {
namespace {

net::failure<rejection> closed_meanwhile(const stream_key& key) {
  return reject(errc::stream_ended, to_string(key) + " was closed meanwhile");
}

}  // namespace

// The stream of that name; or, where guessing is allowed, the one idle stream of its app that fits.
outcome<stream_commands::found_stream> stream_commands::meant(const stream_key& wanted,
                                                              bool (*fits)(const stream_record&)) {
  const auto key = given_.streams.resolve(wanted);
  if (auto* r = given_.keeper.visible(key)) return found_stream{key, r};
  if (!given_.keeper.settings().guess_streams) return no_such_stream(wanted);
  std::vector<stream_key> candidates;
  given_.streams.for_each(std::nullopt, [&](const stream_key& k, const stream_record& r) {
    const bool own_port = std::holds_alternative<rtp_port>(r.request().what) && !r.opened.parent;
    const bool idle = own_port && r.lives.state == stream_state::listening;
    if (k.vhost == wanted.vhost && k.app == wanted.app && idle && fits(r)) candidates.push_back(k);
    return true;
  });
  if (candidates.size() > 1)
    return reject(errc::ambiguous, "no stream " + to_string(wanted) + " is open, and " +
                                       std::to_string(candidates.size()) + " idle ones could be meant");
  auto* only = candidates.empty() ? nullptr : given_.keeper.visible(candidates.front());
  if (only == nullptr) return no_such_stream(wanted);
  return found_stream{candidates.front(), only};
}

template <question Request, class Actor>
caf::result<answer_of<Request>> stream_commands::pass_on(const stream_key& key, const Actor& to,
                                                         const Request& request) {
  auto promise = given_.self->make_response_promise<answer_of<Request>>();
  given_.self->request(to, caf::infinite, request)
      .then([promise](const answer_of<Request>& answer) mutable { promise.deliver(answer); },
            [promise, key](const caf::error&) mutable { promise.deliver(answer_of<Request>{closed_meanwhile(key)}); });
  return promise;
}

caf::result<outcome<completed>> stream_commands::update_ssrc(const update_ssrc_request& request) {
  const auto found = meant(request.key, [](const stream_record& one) { return one.ssrc_filter() != 0; });
  if (!found) return outcome<completed>{net::failure{found.error()}};
  const auto& [key, r] = *found;
  if (r->request().source() != nullptr) return outcome<completed>{no_such_stream(request.key)};
  const auto* own = std::get_if<stream_actor>(&r->berth.actor);
  if (own == nullptr || r->opened.parent)
    return outcome<completed>{reject(errc::shared_port, to_string(key) + " is on shared port " +
                                                            std::to_string(r->opened.local.port()) +
                                                            ", where the SSRC is what tells the streams apart")};
  r->set_ssrc_filter(request.ssrc);
  return pass_on(key, *own, request);
}

caf::result<outcome<completed>> stream_commands::connect(const connect_request& request) {
  const auto is_active = [](const stream_record& one) {
    const auto* ports = one.request().ports();
    return ports != nullptr && ports->mode == tcp_mode::active;
  };
  const auto found = meant(request.key, is_active);
  if (!found) return outcome<completed>{net::failure{found.error()}};
  const auto& [key, r] = *found;
  const auto* own = std::get_if<stream_actor>(&r->berth.actor);
  if (own == nullptr || !is_active(*r))
    return outcome<completed>{
        reject(errc::not_tcp_active, to_string(key) + " was not opened for TCP active (tcp_mode 2)")};
  return pass_on(key, *own, request);
}

caf::result<outcome<completed>> stream_commands::play_back(const playback_request& request) {
  const auto key = given_.streams.resolve(request.key);
  const auto* r = given_.keeper.visible(key);
  if (r == nullptr) return outcome<completed>{no_such_stream(request.key)};
  const auto* film = std::get_if<sourced_stream_actor>(&r->berth.actor);
  if (film == nullptr || !r->request().source()->source->file)
    return outcome<completed>{reject(errc::not_seekable, to_string(request.key) + " does not come from a file")};
  return pass_on(key, *film, request);
}

// ---- fetching -----------------------------------------------------------------------------------------------------

void stream_commands::fetch(const open_request& request, open_answer answer) {
  if (request.is_pushed() && !request.source()->publish) return push(request, std::move(answer));
  open_source(request, std::move(answer));
}

// A stranger who sends displaces nobody, and nothing is touched before it is known whether he may.
void stream_commands::push(const open_request& request, open_answer answer) {
  const auto& key = request.key;
  const auto refuse = [this, answer](rejection why) {
    given_.keeper.count_refusal(why.code);
    answer(net::failure{std::move(why)});
  };
  if (!given_.streams.is_free(key))
    return refuse(reject(errc::stream_live, to_string(key) + " is there already").error);
  stream_status about;
  about.key = key;
  about.origin = stream_origin::push;
  about.peer = request.source()->publisher;
  about.params = request.source()->params;
  given_.publishing.ask_first(std::move(about), [this, request, answer, refuse](outcome<publish_options> may) {
    if (!may) return refuse(may.error());
    auto granted = request;
    // The hook's time is not the core's.
    granted.asked = given_.keeper.now();
    std::get<sourced>(granted.what).publish = std::move(*may);
    open_source(granted, answer);
  });
}

void stream_commands::open_source(const open_request& request, open_answer answer) {
  given_.keeper.open(request, [this, answer = std::move(answer)](outcome<opened> made) {
    if (!made) return answer(std::move(made));
    begin(std::move(*made), answer);
  });
}

void stream_commands::begin(opened stream, open_answer answer) {
  const auto key = stream.stream.key;
  const auto generation = stream.stream.generation;
  const auto* r = given_.streams.find(key, generation);
  const auto* from = r == nullptr ? nullptr : std::get_if<sourced_stream_actor>(&r->berth.actor);
  if (from == nullptr) return answer(closed_meanwhile(key));
  given_.self->request(*from, caf::infinite, begin_fetch{})
      .then(
          [this, key, generation, answer, stream = std::move(stream)](const outcome<completed>& there) mutable {
            if (there) return answer(std::move(stream));
            const auto* ending = given_.streams.find(key, generation);
            if (ending != nullptr && ending->published.refused())
              return answer(reject(errc::publish_refused, ending->published.refusal()));
            answer(net::failure{there.error()});
          },
          [key, answer](const caf::error&) { answer(closed_meanwhile(key)); });
}

}  // namespace berth::actors
