#include "net/reorder_buffer.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace berth::net {

void reorder_buffer::push(const accepted_packet& a, time_point now) {
  if (!started_ || a.restarted) {
    flush();
    restarted_ = std::exchange(started_, true);
    missing_ = 0;
    next_ = a.number;
  }
  if (a.number < next_) return counters_.late.add();
  if (a.number == next_) {
    ++next_;
    const auto& p = a.packet;
    out_.on_packet({a.number, p.payload_type, p.marker, p.timestamp, p.payload, std::exchange(missing_, 0),
                    std::exchange(restarted_, false)});
    if (count_ > 0) release_run();
    return;
  }
  // A jump that no buffer could bridge: what is missing is lost.
  if (a.number - next_ > limits_.distance) {
    while (count_ > 0 && a.number - next_ > limits_.distance) give_up_gap();
    if (count_ == 0 && a.number - next_ > limits_.distance) {
      const auto given_up = static_cast<std::uint64_t>(a.number - next_);
      missing_ += given_up;
      counters_.gaps.add(given_up);
      next_ = a.number;
      return push({a.packet, a.number, false, false}, now);
    }
  }
  if (a.number == next_) return push({a.packet, a.number, false, false}, now);
  hold(a, now);
  while (over_limits()) give_up_gap();
}

void reorder_buffer::hold(const accepted_packet& a, time_point now) {
  if (ring_.empty()) ring_.resize(std::bit_ceil(static_cast<std::size_t>(limits_.distance) + 1));
  auto& s = at(a.number);
  if (s.taken) return;  // a duplicate, which the sequence tracker does not let through
  const auto& p = a.packet;
  s.taken = true;
  s.marker = p.marker;
  s.payload_type = p.payload_type;
  s.timestamp = p.timestamp;
  s.arrival = now;
  s.payload.assign(p.payload.begin(), p.payload.end());
  newest_ = count_ == 0 ? a.number : std::max(newest_, a.number);
  if (count_ == 0) gap_since_ = now;
  ++count_;
  bytes_ += p.payload.size();
  counters_.held.add();
}

// Lets out what follows without a gap.
void reorder_buffer::release_run() {
  while (count_ > 0) {
    auto& s = at(next_);
    if (!s.taken) {
      auto first = next_ + 1;
      while (!at(first).taken) ++first;
      gap_since_ = at(first).arrival;
      return;
    }
    s.taken = false;
    --count_;
    bytes_ -= s.payload.size();
    const auto number = next_++;
    out_.on_packet({number, s.payload_type, s.marker, s.timestamp, s.payload, std::exchange(missing_, 0),
                    std::exchange(restarted_, false)});
  }
  free_memory();
}

void reorder_buffer::give_up_gap() {
  while (!at(next_).taken) {
    ++next_;
    ++missing_;
    counters_.gaps.add();
  }
  release_run();
}

bool reorder_buffer::over_limits() const noexcept {
  return count_ > 0 && (count_ > limits_.packets || bytes_ > limits_.bytes || newest_ - next_ > limits_.distance);
}

// Idle streams are many: between two gaps a stream holds nothing.
void reorder_buffer::free_memory() { ring_ = {}; }

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

}  // namespace berth::net
