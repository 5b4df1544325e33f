#include "api/viewer_registry.hpp"

namespace berth::api {

std::shared_ptr<viewer_registry::entry> viewer_registry::add(actors::viewer who, std::size_t most,
                                                             std::function<void()> wake) {
  const std::lock_guard lock{mutex_};
  if (entries_.size() >= most) return nullptr;
  auto made =
      std::unique_ptr<entry>(new entry{.who = std::move(who), .since = net::clock::now(), .wake = std::move(wake)});
  entries_[made->who.id] = made.get();
  return {made.release(), [this](entry* e) {
            remove(e->who.id);
            delete e;
          }};
}

void viewer_registry::remove(const std::string& id) {
  const std::lock_guard lock{mutex_};
  entries_.erase(id);
}

std::vector<viewer_info> viewer_registry::list() const {
  const std::lock_guard lock{mutex_};
  std::vector<viewer_info> all;
  all.reserve(entries_.size());
  for (const auto& [id, e] : entries_) all.push_back({e->who, e->since, e->bytes.load(), e->skipped.load()});
  return all;
}

bool viewer_registry::kick(const std::string& id) {
  const std::lock_guard lock{mutex_};
  const auto found = entries_.find(id);
  if (found == entries_.end()) return false;
  found->second->kicked = true;
  found->second->wake();
  return true;
}

void viewer_registry::kick_all() {
  const std::lock_guard lock{mutex_};
  for (const auto& [id, e] : entries_) {
    e->kicked = true;
    e->wake();
  }
}

std::size_t viewer_registry::size() const {
  const std::lock_guard lock{mutex_};
  return entries_.size();
}

std::string viewer_registry::next_id() {
  const std::lock_guard lock{mutex_};
  return "1-" + std::to_string(++last_);
}

}  // namespace berth::api
