// What a stream itself answers: the supervisor finds the stream that is meant and passes the request on.
#pragma once

#include "actors/supervisor/publisher.hpp"

namespace berth::actors {

/// The supervisor's part for requests that end at a stream's actor. Its end meanwhile is an answer too.
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

  caf::result<outcome<completed>> update_ssrc(const update_ssrc_request& request);
  caf::result<outcome<completed>> connect(const connect_request& request);
  caf::result<outcome<completed>> play_back(const playback_request& request);
  /// Opens a stream that has no port, and then its source.
  void fetch(const open_request& request, open_answer answer);

 private:
  struct found_stream {
    stream_key key;
    stream_record* r;
  };
  outcome<found_stream> meant(const stream_key& wanted, bool (*fits)(const stream_record&));
  /// The stream answers; its end meanwhile is an answer too.
  template <question Request, class Actor>
  caf::result<answer_of<Request>> pass_on(const stream_key& key, const Actor& to, const Request& request);
  void push(const open_request& request, open_answer answer);
  void open_source(const open_request& request, open_answer answer);
  void begin(opened stream, open_answer answer);

  dependencies given_;
};

}  // namespace berth::actors
