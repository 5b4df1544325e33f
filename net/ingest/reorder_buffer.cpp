#include "net/ingest/reorder_buffer.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace berth::net {
namespace {

// What a stream may keep between two gaps: enough for neighbours that changed places, little for the many that are idle.
constexpr std::size_t kept_slots = 8;
// A packet of an ordinary path; a slot does not keep more, or a few jumbo packets would fill a ring of them.
constexpr std::size_t kept_bytes = 2048;

// An assignment of {} would keep the memory.
template <class T>
void free_memory(std::vector<T>& v) noexcept {
  std::vector<T>{}.swap(v);
}

}  // namespace

void reorder_buffer::push(const accepted_packet& a, time_point now) {
  if (!started_ || a.restarted) {
    flush();
    restarted_ = std::exchange(started_, true);
    next_ = a.number;
  }
  if (a.number < next_) return counters_.late.add();
  while (count_ > 0 && a.number - next_ > limits_.distance) give_up_gap();
  // A jump that no buffer could bridge: what is missing is lost.
  if (a.number - next_ > limits_.distance) skip_to(a.number);
  if (a.number != next_) {
    hold(a, now);
    while (over_limits()) give_up_gap();
    return;
  }
  ++next_;
  const auto& p = a.packet;
  out_.on_packet({a.number, p.payload_type, p.marker, p.timestamp, p.payload, std::exchange(missing_, 0),
                  std::exchange(restarted_, false)});
  if (count_ > 0) release_run();
}

void reorder_buffer::skip_to(std::int64_t number) noexcept {
  const auto given_up = static_cast<std::uint64_t>(number - next_);
  missing_ += given_up;
  counters_.gaps.add(given_up);
  next_ = number;
}

void reorder_buffer::hold(const accepted_packet& a, time_point now) {
  make_room(a.number);
  auto& s = at(a.number);
  if (s.taken) return;  // a duplicate, which the sequence tracker does not let through
  const auto& p = a.packet;
  s.payload.assign(p.payload.begin(), p.payload.end());
  s.taken = true;
  s.marker = p.marker;
  s.payload_type = p.payload_type;
  s.timestamp = p.timestamp;
  s.arrival = now;
  newest_ = count_ == 0 ? a.number : std::max(newest_, a.number);
  if (count_ == 0) gap_since_ = now;
  ++count_;
  bytes_ += p.payload.size();
  counters_.held.add();
}

// Most gaps are short, so the ring begins small.
void reorder_buffer::make_room(std::int64_t number) {
  const auto needed = static_cast<std::size_t>(number - next_) + 1;
  if (needed <= ring_.size()) return;
  std::vector<slot> larger(std::max(kept_slots, std::bit_ceil(needed)));
  for (auto n = next_; count_ > 0 && n <= newest_; ++n)
    if (at(n).taken) larger[static_cast<std::uint64_t>(n) % larger.size()] = std::move(at(n));
  ring_ = std::move(larger);
}

// Lets out what follows without a gap.
void reorder_buffer::release_run() {
  const auto before = count_;
  while (count_ > 0 && at(next_).taken) {
    auto& s = at(next_);
    s.taken = false;
    --count_;
    bytes_ -= s.payload.size();
    const auto number = next_++;
    out_.on_packet({number, s.payload_type, s.marker, s.timestamp, s.payload, std::exchange(missing_, 0),
                    std::exchange(restarted_, false)});
    if (s.payload.capacity() > kept_bytes) free_memory(s.payload);
  }
  if (count_ == 0) {
    if (ring_.size() > kept_slots) free_memory(ring_);
  } else if (count_ != before) {
    // All that wait are behind the next gap: whichever of them came first has shown it.
    gap_since_ = time_point::max();
    for (auto n = next_; n <= newest_; ++n)
      if (at(n).taken) gap_since_ = std::min(gap_since_, at(n).arrival);
  }
}

void reorder_buffer::give_up_gap() {
  auto first = next_;
  while (!at(first).taken) ++first;
  skip_to(first);
  release_run();
}

std::optional<time_point> reorder_buffer::deadline() const noexcept {
  if (count_ == 0) return std::nullopt;
  return gap_since_ + limits_.patience;
}

void reorder_buffer::expire(time_point now) {
  for (auto due = deadline(); due && *due <= now; due = deadline()) give_up_gap();
}

void reorder_buffer::flush() {
  while (count_ > 0) give_up_gap();
}

void reorder_buffer::reset() noexcept {
  started_ = restarted_ = false;
  missing_ = 0;
  count_ = bytes_ = 0;
  free_memory(ring_);
}

}  // namespace berth::net
