// What a stream itself answers: the supervisor finds the stream that is meant and passes the request on.
#pragma once

#include <functional>
#include <optional>

#include "actors/supervisor/publisher.hpp"

namespace berth::actors {

/// The supervisor's part for requests that end at a stream's actor. A new one of adjusting.hpp needs nothing here, unless
/// it has reasons of its own to be refused.
/// Owned by the supervisor and touched by its handlers only.
class stream_commands {
 public:
  struct dependencies {
    supervisor_actor::pointer self;
    stream_keeper& keeper;
    registry& streams;
    publisher& publishing;
  };

  explicit stream_commands(dependencies given) : given_(given) {}

  /// Of asked_of_receivers: the stream answers; its end meanwhile is an answer too.
  template <question Request>
  caf::result<answer_of<Request>> ask_receiver(const Request& request) {
    return ask<stream_actor>(request);
  }
  /// Of asked_of_sources, likewise.
  template <question Request>
  caf::result<answer_of<Request>> ask_source(const Request& request) {
    return ask<sourced_stream_actor>(request);
  }
  /// Opens a stream that has no port, and then its source.
  void fetch(const open_request& request, open_answer answer);

 private:
  struct found_stream {
    stream_key key;
    stream_record* r;
  };
  /// Of the idle streams of its app, which have ports of their own, `fits` says who can be meant by a wrong name.
  outcome<found_stream> meant(const stream_key& wanted, const std::function<bool(const stream_record&)>& fits);

  // Whom a request can mean by a wrong name; and why the one that is meant does not take it. Where it does, its record
  // knows what changes.
  template <question Request>
  static bool fits(const Request&, const stream_record&) {
    return false;
  }
  static bool fits(const update_ssrc_request& request, const stream_record& r);
  static bool fits(const connect_request& request, const stream_record& r);
  template <question Request>
  static std::optional<rejection> admit(const Request&, const stream_key&, const stream_record&) {
    return std::nullopt;
  }
  static std::optional<rejection> admit(const update_ssrc_request& request, const stream_key& key, stream_record& r);
  static std::optional<rejection> admit(const connect_request& request, const stream_key& key, stream_record& r);
  static std::optional<rejection> admit(const playback_request& request, const stream_key& key, stream_record& r);
  /// Of one that is no Actor.
  static rejection wrong_kind(const stream_key& key, const stream_record& r);
  static rejection closed_meanwhile(const stream_key& key);

  template <class Actor, question Request>
  caf::result<answer_of<Request>> ask(const Request& request) {
    using answer = answer_of<Request>;
    const auto found = meant(request.key, [&](const stream_record& one) { return fits(request, one); });
    if (!found) return answer{net::failure{found.error()}};
    const auto& [key, r] = *found;
    if (auto why = admit(request, key, *r)) return answer{net::failure{std::move(*why)}};
    const auto* actor = std::get_if<Actor>(&r->berth.actor);
    if (actor == nullptr) return answer{net::failure{wrong_kind(key, *r)}};
    const promise<answer> later{given_.self};
    given_.self->request(*actor, caf::infinite, request)
        .then([later](const answer& a) { later.deliver(a); },
              [later, key = key](const caf::error&) { later.deliver(net::failure{closed_meanwhile(key)}); });
    return later;
  }

  void push(const open_request& request, open_answer answer);
  void open_source(const open_request& request, open_answer answer);
  void begin(opened stream, open_answer answer);

  dependencies given_;
};

}  // namespace berth::actors
