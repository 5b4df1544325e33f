#include "actors/supervisor/registry.hpp"

namespace berth::actors {

stream_record* registry::find(const stream_key& key) {
  const auto found = records_.find(key);
  return found == records_.end() ? nullptr : &found->second;
}

stream_record* registry::find(const stream_key& key, generation_t generation) {
  auto* r = find(key);
  return r != nullptr && r->generation == generation ? r : nullptr;
}

const stream_key* registry::key_of(const caf::actor_addr& actor) const {
  const auto found = by_actor_.find(actor.id());
  return found == by_actor_.end() ? nullptr : found->second;
}

const stream_key& registry::resolve(const stream_key& name) const {
  if (records_.contains(name)) return name;
  const auto given = names_.find(name);
  return given == names_.end() ? name : given->second;
}

bool registry::rename(const stream_key& key, const stream_key& name) {
  return is_free(name) && names_.emplace(name, key).second;
}

stream_record& registry::insert(const stream_key& key, stream_record r) {
  const auto id = r.berth.id();
  auto& [kept_key, kept] = *records_.insert_or_assign(key, std::move(r)).first;
  by_actor_[id] = &kept_key;
  return kept;
}

stream_record registry::extract(const stream_key& key) {
  auto node = records_.extract(key);
  by_actor_.erase(node.mapped().berth.id());  // before the node, and its key, goes
  const auto given = names_.empty() ? names_.end() : names_.find(node.mapped().public_key(key));
  if (given != names_.end() && given->second == key) names_.erase(given);
  return std::move(node.mapped());
}

}  // namespace berth::actors
