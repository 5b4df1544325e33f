#include "net/ingest/ps_demuxer.hpp"

#include <algorithm>
#include <utility>

#include "net/codec/annexb.hpp"
#include "net/codec/stream_type.hpp"

namespace berth::net {
namespace {

// Table 2-22
constexpr std::uint8_t program_end = 0xb9, pack = 0xba, stream_map = 0xbc;
constexpr std::uint8_t first_system_code = 0xb9;
constexpr std::size_t start_code_size_with_id = 4;

bool is_audio(std::uint8_t id) noexcept { return id >= 0xc0 && id <= 0xdf; }
bool is_video(std::uint8_t id) noexcept { return id >= 0xe0 && id <= 0xef; }

}  // namespace

bool ps_demuxer::looks_like_ps(bytes_view b) noexcept {
  if (b.size() < 6 || b[0] != 0 || b[1] != 0 || b[2] != 1) return false;
  return (b[3] >= pack && b[3] <= stream_map) || is_audio(b[3]) || is_video(b[3]);
}

void ps_demuxer::push(bytes_view piece) {
  while (!piece.empty()) switch (state_) {
      case state::header:
        piece = in_header(piece);
        break;
      case state::payload:
        piece = in_payload(piece);
        break;
      case state::skip:
        piece = in_skip(piece);
        break;
      case state::unbounded:
      case state::search:
        piece = kept_.empty() ? in_search(piece) : across_pieces(piece);
        break;
    }
}

// ---- headers ------------------------------------------------------------------------------------------------------

// How many bytes of the header are needed to go on, by those that are there.
std::size_t ps_demuxer::wanted(bytes_view h) const noexcept {
  if (h.size() < start_code_size_with_id) return start_code_size_with_id;
  const auto code = h[3];
  if (code == program_end) return start_code_size_with_id;
  if (code == pack) {
    if (h.size() < 5) return 5;
    if (h[4] >> 6 != 1) return 12;  // ISO/IEC 11172-1 2.4.3.2
    return h.size() < 14 ? 14 : std::size_t{14} + (h[13] & 7);
  }
  if (h.size() < 6) return 6;
  if (code == stream_map) {
    const std::size_t length = load_be16(h.data() + 4);
    return length <= max_header ? 6 + length : 6;
  }
  if (!is_audio(code) && !is_video(code)) return 6;
  // What is not of MPEG-2 has no length of its header that could be believed.
  if (h.size() < 7 || h[6] >> 6 != 2) return 7;
  return h.size() < pes_header::fixed_size ? pes_header::fixed_size : pes_header_size(h);
}

bytes_view ps_demuxer::in_header(bytes_view piece) {
  // Straight from the piece, if the header lies in it whole.
  if (kept_.empty()) {
    constexpr std::uint8_t prefix[] = {0, 0, 1};
    const auto begin = std::min<std::size_t>(3, piece.size());
    const bool right = std::equal(prefix, prefix + begin, piece.begin());
    if (!right || (piece.size() > 3 && piece[3] < first_system_code)) {
      no_start_code({});
      return piece;
    }
    std::size_t need = 0;
    for (std::size_t have = 0; (need = wanted(piece.first(have))) > have && need <= piece.size();) have = need;
    if (need <= piece.size()) {
      take_header(piece.first(need));
      return piece.subspan(need);
    }
  }
  const auto need = wanted(kept_);
  const auto taken = piece.first(std::min(need - kept_.size(), piece.size()));
  kept_.insert(kept_.end(), taken.begin(), taken.end());
  piece = piece.subspan(taken.size());
  const bool code_complete = kept_.size() == start_code_size_with_id;
  if (code_complete && (kept_[0] != 0 || kept_[1] != 0 || kept_[2] != 1 || kept_[3] < first_system_code)) {
    const auto instead = std::exchange(kept_, {});
    no_start_code(instead);
    return piece;
  }
  if (kept_.size() == wanted(kept_)) {
    const auto header = std::exchange(kept_, {});
    take_header(header);
  }
  return piece;
}

void ps_demuxer::take_header(bytes_view h) {
  const auto code = h[3];
  end_unit(false);
  may_go_on_ = false;
  state_ = state::header;
  if (code == program_end || code == pack) return;
  if (is_audio(code) || is_video(code)) return take_pes(h);
  const std::size_t length = load_be16(h.data() + 4);
  if (code == stream_map && length <= max_header) return take_map(h);
  if (code == stream_map) counters_.malformed.add();
  remaining_ = length;
  if (remaining_ > 0) state_ = state::skip;
}

// 2.5.4: program_stream_map. Its CRC is not looked at: what a camera says of itself is believed, sum or no sum.
void ps_demuxer::take_map(bytes_view map) {
  if (map.size() < 10) return counters_.malformed.add();
  const std::size_t info = load_be16(map.data() + 8);
  if (map.size() < 12 + info) return counters_.malformed.add();
  auto entries = map.subspan(12 + info);
  const std::size_t size = load_be16(map.data() + 10 + info);
  if (size > entries.size()) counters_.malformed.add();
  entries = entries.first(std::min(size, entries.size()));
  mapped_ = true;
  while (entries.size() >= 4) {
    formats_[entries[1]] = codec_of_stream_type(entries[0]);
    const std::size_t descriptors = load_be16(entries.data() + 2);
    entries = entries.subspan(std::min(entries.size(), 4 + descriptors));
  }
}

void ps_demuxer::take_pes(bytes_view header) {
  const auto h = parse_pes_header(header);
  if (!h) {
    counters_.malformed.add();
    state_ = state::search;
    // The right start code may begin in what stood behind the wrong one.
    push(header.subspan(start_code_size_with_id));
    return;
  }
  stream_ = {h->stream_id, formats_[h->stream_id], 90000, 33};
  out_.unit_begin(stream_, h->stamps);
  open_ = true;
  const auto size = h->payload_size();
  remaining_ = size.value_or(0);
  may_go_on_ = true;
  state_ = !size ? state::unbounded : remaining_ > 0 ? state::payload : state::header;
}

// Where a start code was due there is none.
void ps_demuxer::no_start_code(bytes_view instead) {
  if (may_go_on_) {
    if (!open_) out_.unit_begin(stream_, std::nullopt);
    open_ = true;
    state_ = state::unbounded;
  } else {
    counters_.malformed.add();
    state_ = state::search;
  }
  push(instead);
}

// ---- payload ------------------------------------------------------------------------------------------------------

bytes_view ps_demuxer::in_payload(bytes_view piece) {
  const auto taken = std::min(remaining_, piece.size());
  give(piece.first(taken));
  remaining_ -= taken;
  if (remaining_ == 0) state_ = state::header;
  return piece.subspan(taken);
}

bytes_view ps_demuxer::in_skip(bytes_view piece) {
  const auto taken = std::min(remaining_, piece.size());
  remaining_ -= taken;
  if (remaining_ == 0) state_ = state::header;
  return piece.subspan(taken);
}

bytes_view ps_demuxer::in_search(bytes_view piece) {
  for (std::size_t at = find_start_code(piece); at < piece.size(); at = find_start_code(piece, at + 3)) {
    if (at + 3 == piece.size()) break;  // its id comes with the next piece
    if (piece[at + 3] < first_system_code) continue;
    give(piece.first(at));
    state_ = state::header;
    return piece.subspan(at);
  }
  // What may be the beginning of a start code waits for its end.
  std::size_t back = 0;
  const auto n = piece.size();
  if (n >= 3 && piece[n - 1] == 1 && piece[n - 2] == 0 && piece[n - 3] == 0) {
    back = 3;
  } else {
    while (back < 2 && back < n && piece[n - 1 - back] == 0) ++back;
  }
  give(piece.first(n - back));
  kept_.assign(piece.end() - static_cast<std::ptrdiff_t>(back), piece.end());
  return {};
}

// One byte at a time, until it is clear what the bytes at the end of the last piece were.
bytes_view ps_demuxer::across_pieces(bytes_view piece) {
  kept_.push_back(piece.front());
  piece = piece.subspan(1);
  const auto n = kept_.size();
  const auto last = kept_.back();
  if (n <= 2 && last == 0) return piece;
  if (n == 3 && last == 1 && kept_[1] == 0) return piece;
  if (n == 3 && last == 0) {
    give(bytes_view{kept_}.first(1));
    kept_.pop_back();
    return piece;
  }
  if (n == 4 && last >= first_system_code) {
    state_ = state::header;
    return in_header(piece);  // even if nothing is left: an end code is complete with this byte
  }
  const auto bytes = std::exchange(kept_, {});
  // A zero at their end may begin another one.
  const std::size_t zero = bytes.back() == 0 ? 1 : 0;
  give(bytes_view{bytes}.first(bytes.size() - zero));
  if (zero != 0) kept_.push_back(0);
  return piece;
}

void ps_demuxer::give(bytes_view piece) {
  if (open_ && !piece.empty()) out_.bytes(piece);
}

void ps_demuxer::end_unit(bool damaged) {
  if (std::exchange(open_, false)) out_.unit_end(damaged);
}

// ---- interruptions ------------------------------------------------------------------------------------------------

void ps_demuxer::lost() {
  end_unit(true);
  kept_.clear();
  may_go_on_ = false;
  state_ = state::search;
  out_.lost();
}

void ps_demuxer::access_unit_end() {
  if (state_ == state::unbounded && open_) {
    give(kept_);
    kept_.clear();
    state_ = state::header;
  }
  // By its length it is complete; if it is not, the marker lies or the length does, and only time can tell.
  if (state_ == state::header && kept_.empty()) end_unit(false);
  out_.access_unit_end();
}

void ps_demuxer::flush() {
  if (state_ == state::unbounded) give(kept_);
  end_unit(state_ == state::payload);
  kept_.clear();
  may_go_on_ = false;
  state_ = state::search;
}

std::optional<announced_tracks> ps_demuxer::announced() const noexcept {
  if (!mapped_) return std::nullopt;
  announced_tracks a;
  for (std::size_t id = 0; id < formats_.size(); ++id) {
    if (!is_served(formats_[id])) continue;
    a.video = a.video || is_video(static_cast<std::uint8_t>(id));
    a.audio = a.audio || is_audio(static_cast<std::uint8_t>(id));
  }
  return a;
}

}  // namespace berth::net
