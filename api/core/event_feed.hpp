// Wakes those who follow the events, wherever they run.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace berth::api {

/// Carries no events: a follower that is woken asks the event log for what is newer than its cursor, so a slow one
/// costs nobody memory. Owned by the daemon, which calls notify() on an actor's thread; every member may be called from
/// any thread. It outlives its followers.
class event_feed {
 public:
  static constexpr std::size_t max_followers = 256;

  /// One follower's place: it is given up when this is destroyed.
  class place {
   public:
    place(event_feed& feed, std::uint64_t id) : feed_(feed), id_(id) {}
    ~place() { feed_.leave(id_); }
    place(const place&) = delete;
    place& operator=(const place&) = delete;

   private:
    event_feed& feed_;
    std::uint64_t id_;
  };

  /// `wake` is called after each event, under a lock: it only posts. Null if there are max_followers already.
  std::unique_ptr<place> follow(std::function<void()> wake);
  void notify();

 private:
  void leave(std::uint64_t id);

  std::mutex mutex_;
  std::map<std::uint64_t, std::function<void()>> followers_;
  std::uint64_t last_id_ = 0;
};

}  // namespace berth::api
