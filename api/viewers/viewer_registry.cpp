#include "api/viewers/viewer_registry.hpp"

#include <unordered_map>
#include <utility>

namespace berth::api {
namespace {

viewer_info info_of(const viewer_registry::entry& e) { return {e.who, e.since, e.bytes.load(), e.skipped.load()}; }

void kick_out(viewer_registry::entry& e) {
  e.kicked = true;
  if (e.wake) e.wake();
}

}  // namespace

struct viewer_registry::book {
  std::mutex mutex;
  std::unordered_map<std::string, entry*> entries;
  std::uint64_t last = 0;
};

viewer_registry::viewer_registry() : book_(std::make_shared<book>()) {}

viewer_registry::entry_ptr viewer_registry::add(actors::viewer who, std::size_t most, std::function<void()> wake) {
  auto made = std::make_unique<entry>();
  made->who = std::move(who);
  made->since = net::clock::now();
  made->wake = std::move(wake);
  const std::lock_guard lock{book_->mutex};
  if (book_->entries.size() >= most) return nullptr;
  book_->entries[made->who.id] = made.get();
  return {made.release(), [in = book_](entry* e) {
            {
              const std::lock_guard out{in->mutex};
              in->entries.erase(e->who.id);
            }
            delete e;
          }};
}

void viewer_registry::set_wake(entry& of, std::function<void()> wake) {
  const std::lock_guard lock{book_->mutex};
  of.wake = std::move(wake);
  if (of.kicked) of.wake();
}

template <class Predicate>
std::vector<viewer_info> viewer_registry::list_if(Predicate wanted) const {
  std::vector<viewer_info> found;
  const std::lock_guard lock{book_->mutex};
  for (const auto& [id, e] : book_->entries)
    if (wanted(e->who)) found.push_back(info_of(*e));
  return found;
}

template <class Predicate>
std::size_t viewer_registry::kick_if(Predicate wanted) {
  std::size_t count = 0;
  const std::lock_guard lock{book_->mutex};
  for (const auto& [id, e] : book_->entries) {
    if (!wanted(e->who)) continue;
    kick_out(*e);
    ++count;
  }
  return count;
}

std::vector<viewer_info> viewer_registry::list() const {
  return list_if([](const actors::viewer&) { return true; });
}

std::vector<viewer_info> viewer_registry::list(const actors::stream_key& key, std::optional<net::schema> as) const {
  return list_if([&](const actors::viewer& who) { return who.key == key && (!as || who.as == *as); });
}

bool viewer_registry::kick(const std::string& id) {
  const std::lock_guard lock{book_->mutex};
  const auto found = book_->entries.find(id);
  if (found == book_->entries.end()) return false;
  kick_out(*found->second);
  return true;
}

std::size_t viewer_registry::kick_all(const actors::stream_key& key) {
  return kick_if([&](const actors::viewer& who) { return who.key == key; });
}

std::size_t viewer_registry::kick_all() {
  return kick_if([](const actors::viewer&) { return true; });
}

std::size_t viewer_registry::size() const {
  const std::lock_guard lock{book_->mutex};
  return book_->entries.size();
}

std::string viewer_registry::next_id() {
  const std::lock_guard lock{book_->mutex};
  return "1-" + std::to_string(++book_->last);
}

}  // namespace berth::api
