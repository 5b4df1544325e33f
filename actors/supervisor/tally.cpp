#include "actors/supervisor/tally.hpp"

#include <utility>

namespace berth::actors {
namespace {

/// A fraction of a millisecond: each one's counters stand in cache lines that another thread writes.
constexpr std::size_t most_counted = 512;

}  // namespace

bool tally::go_on(registry& streams, const node_stats& ended, const std::function<void(node_stats&)>& complete) {
  if (!sum_) {
    if (asked_.empty()) return false;
    answering_ = std::exchange(asked_, {});
    sum_.emplace();
    sum_->totals = ended.totals;
    sum_->media = ended.media;
    upto_.reset();
  }
  std::size_t visited = 0;
  const stream_key* last = nullptr;
  bool more = false;
  streams.for_each(upto_, [&](const stream_key& key, const stream_record& r) {
    more = visited++ == most_counted;
    if (more) return false;
    sum_->present(r.lives.state, net::counter_values{r.berth.shared->counters});
    if (const auto& media = r.published.media()) sum_->present(net::media_values{media->counters});
    last = &key;
    return true;
  });
  if (last != nullptr) upto_ = *last;
  if (more) return true;
  auto all = ended;
  all.totals = sum_->totals;
  all.media = sum_->media;
  all.streams = sum_->streams;
  sum_.reset();
  complete(all);
  for (const auto& then : std::exchange(answering_, {})) then(all);
  return !asked_.empty();
}

void tally::ended(const stream_key& key, const stream_status& last) {
  if (!sum_ || (upto_ && key <= *upto_)) return;
  sum_->totals += last.counters;
  if (last.media) sum_->media += last.media->counters;
}

}  // namespace berth::actors
