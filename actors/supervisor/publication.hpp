// How far a stream is on its way to those who watch it.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "actors/contract/publish_options.hpp"
#include "net/media/live_media.hpp"

namespace berth::actors {

/// May it be, as what, since when can it be watched, and when was it asked whether anybody does. Each step is taken
/// once: unasked -> asked -> granted -> registered, or -> refused.
/// A part of a stream's record, touched by the supervisor only.
class publication {
 public:
  /// The first packet is there. True: it is to be asked whether it may be.
  bool begin(net::live_media_ptr media) {
    media_ = std::move(media);
    if (stage_ != stage::unasked) return false;
    stage_ = stage::asked;
    return true;
  }
  void grant(publish_options options) {
    options_ = std::move(options);
    stage_ = stage::granted;
  }
  void refuse(std::string why) {
    refusal_ = std::move(why);
    stage_ = stage::refused;
  }
  /// The tracks are complete. True: from now on it can be watched.
  bool complete(net::time_point now) {
    if (registered_ || stage_ != stage::granted) return false;
    registered_ = now;
    return true;
  }

  bool granted() const noexcept { return stage_ == stage::granted; }
  bool refused() const noexcept { return stage_ == stage::refused; }
  const std::string& refusal() const noexcept { return refusal_; }
  const publish_options& options() const noexcept { return options_; }
  const net::live_media_ptr& media() const noexcept { return media_; }
  const std::optional<net::time_point>& registered() const noexcept { return registered_; }

  // ---- nobody watches

  /// When it has been unwatched for `patience`, counted from the last time that was asked. Only while it can be watched.
  net::time_point unwatched_for(net::duration patience) const {
    return std::max({*registered_, media_->frames.unwatched_since(), asked_unwatched_}) + patience;
  }
  bool is_watched() const { return media_ && media_->frames.viewers() > 0; }
  bool asking_unwatched() const noexcept { return asking_unwatched_; }
  void ask_unwatched(net::time_point now, bool somebody) {
    asked_unwatched_ = now;
    asking_unwatched_ = somebody;
  }
  void unwatched_answered() noexcept { asking_unwatched_ = false; }

 private:
  enum class stage : std::uint8_t { unasked, asked, granted, refused };

  stage stage_ = stage::unasked;
  std::string refusal_;
  publish_options options_;
  net::live_media_ptr media_;  // from the first packet on
  std::optional<net::time_point> registered_;
  net::time_point asked_unwatched_{};
  bool asking_unwatched_ = false;
};

}  // namespace berth::actors
