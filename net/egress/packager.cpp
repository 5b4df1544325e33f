#include "net/egress/packager.hpp"

#include <utility>

#include "net/egress/muxers.hpp"

namespace berth::net {
namespace {

// Adobe FLV 10.1 annex E.2 and E.3: the file header and the first PreviousTagSize. They stand at the very beginning and
// nowhere else; the tags behind them may come again.
constexpr std::size_t flv_file_header = 13;

chunk_ptr resumption_of(container as, const chunk_ptr& header) {
  if (as != container::flv || header->bytes.size() <= flv_file_header) return header;
  auto c = std::make_shared<chunk>();
  c->bytes.assign(header->bytes.begin() + flv_file_header, header->bytes.end());
  return c;
}

}  // namespace

packager::packager(fan_out_ptr frames, container as, const muxer_options& options, limits l)
    : frames_(std::move(frames)), as_(as), options_(options), limits_(l) {}

bool packager::advance() {
  const std::lock_guard lock{mutex_};
  const auto fresh = frames_->read(at_);
  if (!muxer_ && !fresh.frames.empty()) muxer_ = make_muxer(as_, frames_->tracks(), options_);
  for (const auto& f : fresh.frames)
    if (auto c = muxer_->write(*f)) add(std::move(c));
  const bool ends_now = fresh.ended && !std::exchange(ended_, fresh.ended);
  return ends_now || !fresh.frames.empty();
}

void packager::add(chunk_ptr c) {
  if (c->key) {
    key_ = end_number();
    has_key_ = true;
    if (const auto header = muxer_->header(); header != header_) {
      header_ = header;
      resumption_ = resumption_of(as_, header);
    }
  }
  bytes_ += c->bytes.size();
  ring_.push_back(std::move(c));
  while (ring_.size() > 1 && (ring_.size() > limits_.chunks || bytes_ > limits_.bytes)) {
    bytes_ -= ring_.front()->bytes.size();
    ring_.pop_front();
    ++first_;
  }
}

// A viewer that comes, or one that has fallen out of the ring, begins at the newest key chunk, if that is still there
// and was not read by it already; else it waits for the next one.
void packager::begin(position& at, batch& out) const {
  const bool can_begin = has_key_ && key_ >= first_ && key_ >= at.next;
  const auto from = can_begin ? key_ : end_number();
  const bool is_new = !at.header;
  if (!is_new) out.skipped = from - at.next;
  at.next = from;
  at.begun = can_begin;
  if (!can_begin) return;
  const auto& header = is_new ? header_ : resumption_;
  if (at.header != header_ && !header->bytes.empty()) out.chunks.push_back(header);
  at.header = header_;
}

packager::batch packager::read(position& at, std::size_t most_bytes, std::size_t most_chunks) const {
  batch out;
  const std::lock_guard lock{mutex_};
  if (!at.begun || at.next < first_) begin(at, out);
  const auto end = end_number();
  if (at.begun) {
    std::size_t bytes = 0;
    for (const auto& c : out.chunks) bytes += c->bytes.size();
    while (at.next < end) {
      const auto& c = ring_[at.next - first_];
      const bool full = bytes + c->bytes.size() > most_bytes || out.chunks.size() >= most_chunks;
      if (full && !out.chunks.empty()) break;
      bytes += c->bytes.size();
      out.chunks.push_back(c);
      ++at.next;
    }
  }
  out.ended = ended_ && (!at.begun || at.next == end);
  return out;
}

std::size_t packager::bytes() const {
  const std::lock_guard lock{mutex_};
  return bytes_;
}

}  // namespace berth::net
