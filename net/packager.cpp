#include "net/packager.hpp"

#include <algorithm>
#include <utility>

namespace berth::net {

void packager::advance() {
  const auto fresh = frames_->read(at_);
  if (!muxer_ && !fresh.frames.empty()) muxer_ = make_muxer(as_, frames_->tracks(), options_);
  for (const auto& f : fresh.frames)
    if (auto c = muxer_->write(*f)) add(std::move(c));
  ended_ = fresh.ended;
}

void packager::add(chunk_ptr c) {
  if (c->key) {
    key_ = first_ + ring_.size();
    has_key_ = true;
  }
  bytes_ += c->bytes.size();
  ring_.push_back(std::move(c));
  while (ring_.size() > 1 && (ring_.size() > max_chunks || bytes_ > max_bytes)) {
    bytes_ -= ring_.front()->bytes.size();
    ring_.pop_front();
    ++first_;
  }
}

packager::batch packager::read(position& at, std::size_t most_bytes) {
  batch out;
  const std::lock_guard lock{mutex_};
  advance();
  const auto end = first_ + ring_.size();
  const bool behind = at.begun && at.next < first_;
  if (!at.begun || behind) {
    if (!has_key_ || key_ < std::max(first_, at.next)) {
      if (behind) {
        out.skipped = end - at.next;
        at.next = end;
      }
      at.begun = false;
      out.ended = ended_;
      return out;
    }
    if (behind) out.skipped = key_ - at.next;
    if (!std::exchange(at.has_header, true)) out.chunks.push_back(muxer_->header());
    at.next = key_;
    at.begun = true;
  }
  for (std::size_t bytes = 0; at.next < end && bytes < most_bytes; ++at.next) {
    out.chunks.push_back(ring_[at.next - first_]);
    bytes += out.chunks.back()->bytes.size();
  }
  out.ended = ended_ && at.next == end;
  return out;
}

}  // namespace berth::net
