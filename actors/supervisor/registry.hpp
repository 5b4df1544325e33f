// The one truth about which streams exist: every answer of the supervisor is read from here.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>

#include "actors/supervisor/stream_record.hpp"

namespace berth::actors {

/// Records by key, and the way back from an actor to its record. Plain data: no messages, no clock.
/// Owned by the supervisor and touched only there.
class registry {
 public:
  stream_record* find(const stream_key& key);
  /// The record, if it is this life of the stream.
  stream_record* find(const stream_key& key, generation_t generation);
  /// nullptr if no present life belongs to this actor.
  const stream_key* key_of(const caf::actor_addr& actor) const;

  /// The key that a stream was opened with, if `name` is the one that it was given since; else `name` itself. An open
  /// key goes before a given name.
  const stream_key& resolve(const stream_key& name) const;
  /// True if `name` is neither open nor given to a stream.
  bool is_free(const stream_key& name) const { return !records_.contains(name) && !names_.contains(name); }
  /// Gives a stream a second name until it ends. False if the name is taken.
  bool rename(const stream_key& key, const stream_key& name);

  stream_record& insert(const stream_key& key, stream_record r);
  stream_record extract(const stream_key& key);

  generation_t next_generation() noexcept { return ++last_generation_; }
  bool empty() const noexcept { return records_.empty(); }
  std::size_t size() const noexcept { return records_.size(); }

  /// Visits in the order of the keys, from the first one behind `after`.
  template <class Visit>
  void for_each(const std::optional<stream_key>& after, Visit&& visit) {
    for (auto it = after ? records_.upper_bound(*after) : records_.begin(); it != records_.end(); ++it)
      if (!visit(it->first, it->second)) return;
  }

 private:
  std::map<stream_key, stream_record> records_;
  std::map<stream_key, stream_key> names_;                         // given name -> opened key
  std::unordered_map<caf::actor_id, const stream_key*> by_actor_;  // the keys stand in records_
  generation_t last_generation_ = 0;
};

}  // namespace berth::actors
