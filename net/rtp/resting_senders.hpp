// Who has sent to a port before, and is not heard until it has been silent.
#pragma once

#include <algorithm>
#include <vector>

#include "net/base/media_sender.hpp"
#include "net/base/time.hpp"

namespace berth::net {

/// A camera does not know at once that its stream was closed: what it still sends belongs to nobody who has its port now.
/// Few, and gone soon. A value, touched by the thread of its owner.
class resting_senders {
 public:
  /// Takes the place of those of before.
  void begin(const media_senders& senders, duration silence, time_point now) {
    all_.clear();
    for (const auto& s : senders) all_.push_back({s, now});
    silence_ = silence;
    over_ = now + silence;
  }

  bool empty() const noexcept { return all_.empty(); }
  /// The one that sends from there, if it has not been silent for long enough; else it rests no more.
  const media_sender* find(const endpoint& from, time_point now) {
    if (now >= over_) all_.clear();
    const auto at = position_of(from);
    if (at == all_.end()) return nullptr;
    if (now - at->heard < silence_) return &at->who;
    all_.erase(at);
    return nullptr;
  }
  /// It is not silent. Of one that find() gave.
  void heard(const endpoint& from, time_point now) {
    position_of(from)->heard = now;
    over_ = now + silence_;
  }
  void forget(const endpoint& from) { all_.erase(position_of(from)); }
  /// find() and heard(), for those who refuse all that it sends.
  bool refuses(const endpoint& from, time_point now) {
    if (all_.empty() || find(from, now) == nullptr) return false;
    heard(from, now);
    return true;
  }

  /// Those who rest still.
  media_senders left(time_point now) const {
    media_senders some;
    for (const auto& r : all_)
      if (now - r.heard < silence_) some.hear(r.who);
    return some;
  }

 private:
  struct sender {
    media_sender who;
    time_point heard;
  };
  std::vector<sender>::iterator position_of(const endpoint& from) {
    return std::find_if(all_.begin(), all_.end(), [&](const auto& s) { return s.who.from == from; });
  }

  std::vector<sender> all_;
  duration silence_{};
  time_point over_{};  // for all of them
};

}  // namespace berth::net
