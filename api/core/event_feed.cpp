#include "api/core/event_feed.hpp"

namespace berth::api {

std::unique_ptr<event_feed::place> event_feed::follow(std::function<void()> wake) {
  const std::lock_guard lock{mutex_};
  if (followers_.size() >= max_followers) return nullptr;
  followers_.emplace(++last_id_, std::move(wake));
  return std::make_unique<place>(*this, last_id_);
}

void event_feed::notify() {
  const std::lock_guard lock{mutex_};
  for (const auto& [id, wake] : followers_) wake();
}

void event_feed::leave(std::uint64_t id) {
  const std::lock_guard lock{mutex_};
  followers_.erase(id);
}

}  // namespace berth::api
