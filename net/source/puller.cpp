#include "net/source/puller.hpp"

#include <algorithm>
#include <utility>

namespace berth::net {
namespace {

constexpr duration first_back_off = std::chrono::seconds{1};
constexpr duration longest_back_off = std::chrono::seconds{30};
// A pace that was missed by more than that is not made up for.
constexpr duration most_behind = std::chrono::milliseconds{500};

}  // namespace

puller::puller(source_options_ptr what, url_policy admit, std::function<void()> wake)
    : what_(std::move(what)), admit_(std::move(admit)), wake_(std::move(wake)), thread_([this] { run(); }) {}

puller::~puller() {
  stop();
  thread_.join();
}

std::deque<source_item> puller::take() {
  const std::lock_guard lock{mutex_};
  bytes_ = 0;
  changed_.notify_all();
  return std::exchange(items_, {});
}

void puller::stop() {
  const std::lock_guard lock{mutex_};
  stopped_ = true;
  changed_.notify_all();
}

void puller::seek(duration to) {
  if (!what_->file) return;
  const std::lock_guard lock{mutex_};
  seek_to_ = to;
  changed_.notify_all();
}

void puller::set_speed(double factor) {
  if (!what_->file) return;
  const std::lock_guard lock{mutex_};
  wanted_speed_ = factor;
  new_pace_ = true;
  changed_.notify_all();
}

// Waits for room; the last item of all needs none.
void puller::give(source_item item) {
  bool first = false;
  {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] {
      return stopped_ || item.what == source_item::kind::ended || (items_.size() < most_items && bytes_ < most_bytes);
    });
    if (stopped_ && item.what != source_item::kind::ended) return;
    first = items_.empty();
    bytes_ += item.unit.data.size();
    items_.push_back(std::move(item));
  }
  if (first) wake_();
}

/// False if it was stopped, or an order came, before that time.
bool puller::wait_until(time_point when) {
  std::unique_lock lock{mutex_};
  return !changed_.wait_until(lock, when, [&] { return stopped_ || seek_to_ || new_pace_; });
}

void puller::run() {
  using kind = source_item::kind;
  std::string reason;
  bool begun = false;
  int left = what_->retries;
  auto back_off = first_back_off;
  while (!stopped_) {
    auto in = lavf_input::open(*what_, admit_, stopped_);
    if (in && !(*in)->has_served_tracks()) in = failure{std::string{"none of its codecs is served"}};
    if (in) {
      if (begun) give({kind::restarted});
      begun = true;
      left = what_->retries;
      back_off = first_back_off;
      give({kind::opened, (*in)->announced()});
      reason = play(**in);
    } else {
      reason = in.error();
    }
    if (!begun || what_->file || left == 0 || stopped_) break;
    if (left > 0) --left;
    give({kind::lost, {}, {}, reason});
    const auto until = clock::now() + back_off;
    while (!stopped_ && clock::now() < until) wait_until(until);
    back_off = std::min(back_off * 2, longest_back_off);
  }
  give({kind::ended, {}, {}, stopped_ ? "it was stopped" : reason});
}

// Reads until nothing more comes; says why.
std::string puller::play(lavf_input& in) {
  paced_from_.reset();
  source_item item;
  while (!stopped_) {
    if (what_->file) follow_orders(in);
    switch (in.read(item.unit)) {
      case lavf_input::outcome::failed:
        return in.complaint();
      case lavf_input::outcome::end:
        if (!what_->repeat || !rewind(in)) return in.complaint();
        continue;
      case lavf_input::outcome::unit:
        break;
    }
    if (what_->file) keep_pace(in.position());
    give(std::exchange(item, {}));
  }
  return {};
}

bool puller::rewind(lavf_input& in) {
  if (!in.seek({})) return false;
  paced_from_.reset();
  give({source_item::kind::restarted});
  return true;
}

void puller::follow_orders(lavf_input& in) {
  std::optional<duration> to;
  {
    const std::lock_guard lock{mutex_};
    to = std::exchange(seek_to_, std::nullopt);
    if (std::exchange(new_pace_, false)) {
      speed_ = wanted_speed_;
      paced_from_.reset();
    }
  }
  if (!to || !in.seek(*to)) return;
  paced_from_.reset();
  give({source_item::kind::restarted});
}

void puller::keep_pace(duration position) {
  const auto now = clock::now();
  if (!paced_from_) {
    paced_from_ = position;
    paced_since_ = now;
    return;
  }
  const auto passed = std::chrono::duration<double>(position - *paced_from_) / speed_;
  const auto due = paced_since_ + std::chrono::duration_cast<duration>(passed);
  if (now - due > most_behind) {
    paced_from_ = position;
    paced_since_ = now;
    return;
  }
  // An order makes it read on at once: the frame that was waited for is the last one at the former pace.
  wait_until(due);
}

}  // namespace berth::net
