#include "actors/supervisor/stream_commands.hpp"

#include <vector>

namespace berth::actors {

// The stream of that name; or, where guessing is allowed, the one idle stream of its app that fits.
outcome<stream_commands::found_stream> stream_commands::meant(const stream_key& wanted,
                                                              const std::function<bool(const stream_record&)>& fits) {
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

bool stream_commands::fits(const update_ssrc_request&, const stream_record& r) { return r.ssrc_filter() != 0; }

bool stream_commands::fits(const connect_request&, const stream_record& r) {
  const auto* ports = r.request().ports();
  return ports != nullptr && ports->mode == tcp_mode::active;
}

std::optional<rejection> stream_commands::admit(const update_ssrc_request& request, const stream_key& key,
                                                stream_record& r) {
  if (r.opened.parent)
    return reject(errc::shared_port, to_string(key) + " is on shared port " + std::to_string(r.opened.local.port()) +
                                         ", where the SSRC is what tells the streams apart")
        .error;
  r.set_ssrc_filter(request.ssrc);
  return std::nullopt;
}

std::optional<rejection> stream_commands::admit(const connect_request& request, const stream_key& key,
                                                stream_record& r) {
  if (fits(request, r)) return std::nullopt;
  return reject(errc::not_tcp_active, to_string(key) + " was not opened for TCP active (tcp_mode 2)").error;
}

std::optional<rejection> stream_commands::admit(const playback_request&, const stream_key& key, stream_record& r) {
  const auto* from = r.request().source();
  if (from != nullptr && from->source->file) return std::nullopt;
  return reject(errc::not_seekable, to_string(key) + " does not come from a file").error;
}

rejection stream_commands::wrong_kind(const stream_key& key, const stream_record& r) {
  if (r.is_shared_port())
    return reject(errc::shared_port, to_string(key) + " is shared port " + std::to_string(r.opened.local.port()) +
                                         ", which feeds streams and is none itself")
        .error;
  const bool fetched = r.request().source() != nullptr;
  return reject(errc::not_found, to_string(key) + (fetched ? " comes from a source and receives on no port"
                                                           : " receives on a port and does not come from a source"))
      .error;
}

rejection stream_commands::closed_meanwhile(const stream_key& key) {
  return reject(errc::stream_ended, to_string(key) + " was closed meanwhile").error;
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
  const auto key = stream.stream->key;
  const auto generation = stream.stream->generation;
  const auto* r = given_.streams.find(key, generation);
  const auto* from = r == nullptr ? nullptr : std::get_if<sourced_stream_actor>(&r->berth.actor);
  if (from == nullptr) return answer(net::failure{closed_meanwhile(key)});
  given_.self->request(*from, caf::infinite, begin_fetch{})
      .then(
          [this, key, generation, answer, stream = std::move(stream)](const outcome<completed>& there) mutable {
            if (there) return answer(std::move(stream));
            auto* ending = given_.streams.find(key, generation);
            auto why = there.error();
            if (ending != nullptr && ending->published.refused())
              why = reject(errc::publish_refused, ending->published.refusal()).error;
            // Its actor is on its way out: whoever hears that it failed does not see it any more.
            if (ending != nullptr && !ending->lives.closing())
              given_.keeper.begin_close(key, *ending, close_reason::source_ended);
            answer(net::failure{std::move(why)});
          },
          [key, answer](const caf::error&) { answer(net::failure{closed_meanwhile(key)}); });
}

}  // namespace berth::actors
