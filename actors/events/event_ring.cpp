#include "actors/events/event_ring.hpp"

#include <algorithm>
#include <utility>

namespace berth::actors {

event_ptr event_ring::add(event e) {
  e.id = ++last_;
  if (events_.size() == capacity_) events_.pop_front();
  events_.push_back(std::make_shared<const event>(std::move(e)));
  return events_.back();
}

event_batch event_ring::since(const events_since& cursor) const {
  event_batch batch;
  batch.last = last_;
  const std::uint64_t forgotten = last_ - events_.size();  // the newest id that is not kept any more
  const bool foreign = cursor.after > last_;
  batch.missed = cursor.after != 0 && (foreign || cursor.after < forgotten);
  const std::uint64_t from = foreign ? forgotten : std::max(cursor.after, forgotten);
  const auto first = events_.begin() + static_cast<std::ptrdiff_t>(from - forgotten);
  const auto count = std::min<std::size_t>(cursor.limit, static_cast<std::size_t>(events_.end() - first));
  batch.events.assign(first, first + static_cast<std::ptrdiff_t>(count));
  return batch;
}

}  // namespace berth::actors
