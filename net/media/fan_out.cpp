#include "net/media/fan_out.hpp"

#include <algorithm>
#include <numeric>

namespace berth::net {

// ---- the writer ---------------------------------------------------------------------------------------------------

void fan_out::on_frame(frame_ptr f) {
  const std::lock_guard lock{mutex_};
  const bool video = f->of->kind == media_kind::video;
  has_video_ = has_video_ || video;
  // Without video every frame is a place to begin.
  if (f->key || (!has_video_ && !video)) {
    if (has_gop_ && f->key && gop_ >= first_) {
      const auto ticks = f->dts - ring_[gop_ - first_]->dts;
      last_gop_.gop_frames = end_number() - gop_;
      last_gop_.gop_length = std::chrono::duration_cast<duration>(std::chrono::microseconds{ticks * 100 / 9});
    }
    previous_gop_ = has_gop_ ? gop_ : end_number();
    gop_ = end_number();
    has_gop_ = true;
  }
  bytes_ += f->data.size();
  ring_.push_back(std::move(f));
  trim();
}

void fan_out::drop_front() {
  bytes_ -= ring_.front()->data.size();
  ring_.pop_front();
  ++first_;
}

void fan_out::trim() {
  const auto keep = places_.empty() ? gop_ : previous_gop_;
  while (!ring_.empty() && (first_ < keep || ring_.size() > limits_.frames || bytes_ > limits_.bytes)) {
    if (first_ >= keep && ring_.size() == 1) break;  // one frame larger than the bound
    drop_front();
  }
}

void fan_out::publish() {
  const std::lock_guard lock{mutex_};
  if (tracks_.empty()) return;
  for (auto* p : places_) p->wake_once();
}

void fan_out::set_tracks(std::vector<track_ptr> tracks) {
  const std::lock_guard lock{mutex_};
  tracks_ = std::move(tracks);
}

void fan_out::end() {
  const std::lock_guard lock{mutex_};
  if (ended_.load(std::memory_order_relaxed)) return;
  ended_.store(true, std::memory_order_release);
  for (auto* p : places_) p->wake_once();
  drop_if_over();
}

// Whoever comes now learns that it has ended, and needs no frames for that.
void fan_out::drop_if_over() {
  if (!ended_.load(std::memory_order_relaxed) || !places_.empty()) return;
  first_ = end_number();
  ring_.clear();
  bytes_ = 0;
}

// ---- the readers --------------------------------------------------------------------------------------------------

fan_out::batch fan_out::read(position& at, std::size_t most) const {
  batch out;
  const std::lock_guard lock{mutex_};
  const auto end = end_number();
  if (!tracks_.empty()) {
    const bool fell_behind = at.begun && at.next < first_;
    if (!at.begun || fell_behind) {
      const bool can_begin = has_gop_ && gop_ >= first_ && gop_ >= at.next;
      if (fell_behind) out.skipped = (can_begin ? gop_ : end) - at.next;
      at.next = can_begin ? gop_ : end;
      at.begun = can_begin;
    }
    if (at.begun) {
      const auto count = std::min<std::uint64_t>(end - at.next, most);
      const auto from = ring_.begin() + static_cast<std::ptrdiff_t>(at.next - first_);
      out.frames.assign(from, from + static_cast<std::ptrdiff_t>(count));
      at.next += count;
    }
  }
  out.ended = ended_.load(std::memory_order_relaxed) && (!at.begun || at.next == end);
  return out;
}

fan_out::place::place(fan_out& of, wake_function wake) : of_(of), wake_(std::move(wake)) {
  const std::lock_guard lock{of_.mutex_};
  self_ = of_.places_.insert(of_.places_.end(), this);
}

fan_out::place::~place() {
  const std::lock_guard lock{of_.mutex_};
  of_.places_.erase(self_);
  of_.drop_if_over();
}

void fan_out::place::wake_once() {
  if (!woken_.exchange(true, std::memory_order_seq_cst)) wake_();
}

std::vector<track_ptr> fan_out::tracks() const {
  const std::lock_guard lock{mutex_};
  return tracks_;
}

void fan_out::viewer_came(schema as) noexcept { ++viewers_[static_cast<std::size_t>(as)]; }

void fan_out::viewer_left(schema as, time_point now) noexcept {
  --viewers_[static_cast<std::size_t>(as)];
  unwatched_since_.store(now.time_since_epoch().count());
}

int fan_out::viewers() const noexcept {
  return std::accumulate(viewers_.begin(), viewers_.end(), 0, [](int sum, const auto& v) { return sum + v.load(); });
}

fan_out::figures fan_out::figures_now() const {
  const std::lock_guard lock{mutex_};
  auto f = last_gop_;
  f.frames = ring_.size();
  f.bytes = bytes_;
  return f;
}

}  // namespace berth::net
