// What a stream itself answers: the supervisor finds the stream that is meant and passes the request on.
#pragma once

#include <functional>

#include "actors/supervisor/publisher.hpp"

namespace berth::actors {

/// The supervisor's part for requests that end at a stream's actor. Its end meanwhile is an answer too.
/// Owned by the supervisor and touched by its handlers only.
class stream_commands {
 public:
  struct dependencies {
    supervisor_actor::pointer self;
    registry& streams;
    std::function<const node_settings&()> settings;
    std::function<stream_record*(const stream_key&)> visible;  ///< what clients may know of
    publisher& publishing;
  };

  explicit stream_commands(dependencies given) : given_(std::move(given)) {}

  caf::result<outcome<completed>> update_ssrc(const update_ssrc_request& request);
  caf::result<outcome<completed>> connect(const connect_request& request);
  caf::result<outcome<completed>> play_back(const playback_request& request);
  /// Opens a stream, by the supervisor's own open, and then its source.
  caf::result<outcome<opened>> fetch(const fetch_request& request);

 private:
  struct found_stream {
    stream_key key;
    stream_record* r;
  };
  outcome<found_stream> meant(const stream_key& wanted, bool (*fits)(const stream_record&));
  template <class Command>
  caf::result<outcome<completed>> pass_on(const stream_key& key, const stream_record& r, Command command);
  void push(const fetch_request& request, caf::typed_response_promise<outcome<opened>> promise);
  void open_source(const open_request& open, caf::typed_response_promise<outcome<opened>> promise);
  void begin(opened stream, caf::typed_response_promise<outcome<opened>> promise);

  dependencies given_;
};

}  // namespace berth::actors
