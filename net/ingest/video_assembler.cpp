#include "net/ingest/video_assembler.hpp"

#include <algorithm>
#include <utility>

#include "net/codec/h264_syntax.hpp"
#include "net/codec/h265_syntax.hpp"

namespace berth::net {
namespace {

constexpr std::size_t length_size = 4;

struct nal_view {
  codec format;
  bytes_view head;

  std::uint8_t type() const noexcept { return format == codec::h264 ? h264::type_of(head) : h265::type_of(head); }
  bool first_slice() const noexcept {
    return format == codec::h264 ? h264::is_first_slice(head) : h265::is_first_slice(head);
  }
  bool begins_access_unit() const noexcept {
    return format == codec::h264 ? h264::begins_access_unit(head) : h265::begins_access_unit(head);
  }
  std::size_t decisive() const noexcept { return format == codec::h264 ? h264::decisive_bytes : h265::decisive_bytes; }
};

// Delimiters, ends and filling: players do without.
bool is_dispensable(codec format, std::uint8_t type) noexcept {
  if (format == codec::h264) return type >= h264::access_unit_delimiter && type <= h264::filler;
  return type >= h265::access_unit_delimiter && type <= h265::filler;
}

}  // namespace

video_assembler::video_assembler(codec format, media_counters& counters, std::size_t max_unit, sink out)
    : format_(format), counters_(counters), max_unit_(max_unit), out_(std::move(out)), sets_(format, counters) {}

bool video_assembler::is_vcl(std::uint8_t type) const noexcept {
  return format_ == codec::h264 ? h264::is_vcl(type) : h265::is_vcl(type);
}

// ---- units --------------------------------------------------------------------------------------------------------

void video_assembler::unit_begin(std::optional<raw_stamps> stamps, time_point arrival) {
  in_unit_ = true;
  unit_arrival_ = arrival;
  if (stamps && *stamps != unit_stamps_) {
    // Another time stamp: nothing goes on across it.
    splitter_.end();
    if (has_slice_) finish(false);
    // Parameter sets may come before their picture, under another stamp; a picture whose slices are lost may not.
    if (damaged_) clear();
    unit_stamps_ = *stamps;
    if (open_) stamps_ = *stamps;
    ended_by_marker_ = false;
  } else if (ended_by_marker_ && !stamps) {
    // The unit that the marker ended goes on.
    trusts_markers_ = false;
  }
}

void video_assembler::unit_end(bool damaged) {
  in_unit_ = false;
  if (damaged) lost();
}

void video_assembler::lost() {
  // What follows is another place of the stream: it must not be joined to what was before.
  splitter_.end();
  if (in_nal_) nal_end();
  if (open_ || in_unit_) damaged_ = true;
}

void video_assembler::access_unit_end() {
  // In the middle of a unit it can not be true.
  if (in_unit_) trusts_markers_ = false;
  if (!trusts_markers_) return;
  splitter_.end();
  if (has_slice_) finish(true);
}

void video_assembler::flush() {
  splitter_.end();
  if (in_nal_) nal_end();
  if (has_slice_) finish(false);
  clear();
  in_unit_ = false;
}

// ---- NAL units ----------------------------------------------------------------------------------------------------

void video_assembler::nal_begin() {
  if (in_nal_) nal_end();
  in_nal_ = true;
  decided_ = false;
  head_size_ = 0;
}

void video_assembler::nal_bytes(bytes_view piece) {
  if (!in_nal_) return;
  if (!decided_) {
    const auto decisive = nal_view{format_, {}}.decisive();
    const auto take = std::min(decisive - head_size_, piece.size());
    std::copy_n(piece.begin(), take, head_.begin() + static_cast<std::ptrdiff_t>(head_size_));
    head_size_ += take;
    piece = piece.subspan(take);
    if (head_size_ < decisive) return;
    decide();
  }
  append(piece);
}

// The first bytes tell whether this NAL unit still belongs to the picture under way.
void video_assembler::decide() {
  decided_ = true;
  const nal_view nal{format_, {head_.data(), head_size_}};
  nal_type_ = nal.type();
  if (has_slice_ && nal.begins_access_unit()) finish(false);
  const bool slice = is_vcl(nal_type_);
  if (slice && !nal.first_slice() && !has_slice_) {
    // Its beginning is missing: lost, or cut off by a marker that lied.
    if (ended_by_marker_ && unit_stamps_ == stamps_) trusts_markers_ = false;
    damaged_ = true;
  }
  open(unit_arrival_);
  if (slice) {
    ended_by_marker_ = false;
    key_ = key_ || (format_ == codec::h264 ? h264::is_key(nal_type_) : h265::is_key(nal_type_));
    if (!std::exchange(has_slice_, true)) data_.reserve(key_ ? usual_key_size_ : usual_size_);
  }
  nal_at_ = data_.size();
  constexpr std::uint8_t room[length_size] = {};
  append(room);
  append({head_.data(), head_size_});
}

void video_assembler::open(time_point arrival) {
  if (std::exchange(open_, true)) return;
  stamps_ = unit_stamps_;
  arrival_ = arrival;
}

void video_assembler::append(bytes_view piece) {
  if (data_.size() + piece.size() > max_unit_) oversized_ = true;
  if (!oversized_) data_.insert(data_.end(), piece.begin(), piece.end());
}

void video_assembler::nal_end() {
  if (!in_nal_) return;
  in_nal_ = false;
  if (!decided_ && head_size_ > 0) decide();
  if (head_size_ == 0 || oversized_) return;
  const auto nal = bytes_view{data_}.subspan(nal_at_ + length_size);
  if (parameter_sets::is_set(format_, nal_type_)) {
    if (!damaged_) sets_.take(nal);
    data_.resize(nal_at_);
  } else if (is_dispensable(format_, nal_type_)) {
    data_.resize(nal_at_);
  } else {
    store_be32(data_.data() + nal_at_, static_cast<std::uint32_t>(nal.size()));
  }
}

// ---- pictures -----------------------------------------------------------------------------------------------------

void video_assembler::finish(bool by_marker) {
  // A NAL unit that is decided is the next picture's first; one that is not yet has ended here.
  if (in_nal_ && !decided_) nal_end();
  if (oversized_) {
    counters_.oversized.add();
  } else if (damaged_) {
    counters_.damaged_frames.add();
  } else {
    track_ = sets_.current();
    key_seen_ = key_seen_ || (key_ && track_);
    if (track_ && key_seen_) {
      (key_ ? usual_key_size_ : usual_size_) = data_.size() + data_.size() / 8;
      // What growing has taken too much of would stay for as long as the frame does.
      if (data_.capacity() > data_.size() + data_.size() / 2) data_.shrink_to_fit();
      out_({track_, stamps_, arrival_, key_, std::move(data_)});
    } else {
      counters_.undecodable.add();
    }
  }
  clear();
  ended_by_marker_ = by_marker;
}

void video_assembler::clear() {
  data_ = {};
  open_ = has_slice_ = key_ = damaged_ = oversized_ = false;
}

}  // namespace berth::net
