// The newest events, numbered, for whoever reads them at a pace of their own.
#pragma once

#include <cstddef>
#include <deque>

#include "actors/contract/event_stream.hpp"

namespace berth::actors {

/// Numbers events without gaps and keeps the newest of them. A reader remembers the last number it has seen and is told
/// when it was away for too long. A value owned by the event log, touched by nobody else.
class event_ring {
 public:
  /// The first event gets the number `first`. At least one event is kept.
  explicit event_ring(std::size_t capacity, std::uint64_t first = 1)
      : capacity_(capacity > 0 ? capacity : 1), last_(first - 1) {}

  event_ptr add(event e);

  /// What is newer than the cursor, oldest first. A cursor that is ahead of the newest event was given out by another
  /// run of the daemon: it has missed something, and reads from the oldest event on.
  event_batch since(const events_since& cursor) const;

  std::uint64_t last() const noexcept { return last_; }
  std::size_t size() const noexcept { return events_.size(); }

 private:
  std::size_t capacity_;
  std::uint64_t last_;
  std::deque<event_ptr> events_;  // ids without gaps, the newest is last_
};

}  // namespace berth::actors
