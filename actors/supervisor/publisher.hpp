// What becomes of a stream once packets arrive: may it be, under which name, who watches it, and does anybody.
#pragma once

#include <functional>
#include <memory>

#include "actors/events/hook_dispatcher.hpp"
#include "actors/supervisor/registry.hpp"
#include "actors/supervisor/stream_keeper.hpp"
#include "actors/supervisor/waiting_viewers.hpp"

namespace berth::actors {

/// The supervisor's part that asks hooks and obeys them. It changes records, and ends none itself: that is the
/// keeper's.
/// Owned by the supervisor and touched by its handlers only.
class publisher {
 public:
  struct dependencies {
    supervisor_actor::pointer self;
    stream_keeper& keeper;
    registry& streams;
    hook_dispatcher_actor hooks;  ///< null: every question is answered with yes
  };

  explicit publisher(dependencies given) : given_(std::move(given)) {}

  /// The first packets of a stream are there: asks on_publish, once.
  void arrived(const stream_key& key, stream_record& r, const net::live_media_ptr& media);
  /// Asks on_publish for a stream before anything is made for it. An answer may come when the key is somebody's.
  void ask_first(stream_status about, std::function<void(outcome<publish_options>)> then);
  /// Nobody is asked: it is known how it is to be.
  void grant(stream_record& r, publish_options options);
  /// The tracks are complete: whoever waits for it may watch.
  void registered(const stream_key& key, stream_record& r);
  /// The stream is gone, its actor down.
  void ended(const stream_key& key, const stream_record& r);
  /// Closes what nobody watches, if the hook says so. Returns when to look again.
  std::optional<net::time_point> look(const stream_key& key, stream_record& r);

  caf::result<outcome<watched>> watch(const watch_request& request);
  outcome<media_handle> media(const media_request& request);
  /// Ends the patience of viewers who have waited for too long.
  void expire();
  /// Lets nobody wait any longer.
  void stop();

 private:
  using answer_handler = std::function<void(const hook_outcome&)>;

  void ask(hook_question question, answer_handler then);
  void publish_answered(const stream_key& key, stream_record& r, const hook_outcome& answer);
  void refuse(const stream_key& key, stream_record& r, std::string why);
  std::optional<outcome<watched>> find(const watch_request& request) const;
  void admit(const watch_request& request, const watch_promise& later);
  void ask_for_missing(const viewer& who);
  void unwatched_answered(const stream_key& key, stream_record& r, const hook_outcome& answer);

  dependencies given_;
  waiting_viewers waiting_;
};

}  // namespace berth::actors
