#include "net/ingest/ts_demuxer.hpp"

#include <algorithm>
#include <utility>

#include "net/codec/mpeg_crc.hpp"
#include "net/codec/stream_type.hpp"

namespace berth::net {
namespace {

constexpr std::uint8_t sync_byte = 0x47;
constexpr std::uint16_t null_pid = 0x1fff;
constexpr std::size_t max_section = 1024;  // 2.4.4.3, 2.4.4.8
constexpr std::size_t max_pes_header = pes_header::fixed_size + 255;

}  // namespace

bool ts_demuxer::looks_like_ts(bytes_view b) noexcept {
  if (b.empty() || b.size() % packet_size != 0) return false;
  for (std::size_t at = 0; at < b.size(); at += packet_size)
    if (b[at] != sync_byte) return false;
  return true;
}

// ---- packets ------------------------------------------------------------------------------------------------------

void ts_demuxer::push(bytes_view piece) {
  while (!piece.empty()) {
    if (kept_.empty() && piece.front() != sync_byte) {
      if (std::exchange(synchronous_, false)) counters_.malformed.add();
      piece = piece.subspan(static_cast<std::size_t>(std::find(piece.begin(), piece.end(), sync_byte) - piece.begin()));
      continue;
    }
    // Out of step, a sync byte counts only if another one stands a packet further.
    if (!synchronous_ && kept_.empty() && piece.size() > packet_size && piece[packet_size] != sync_byte) {
      piece = piece.subspan(1);
      continue;
    }
    if (kept_.empty() && piece.size() >= packet_size) {
      synchronous_ = true;
      take_packet(piece.first(packet_size));
      piece = piece.subspan(packet_size);
      continue;
    }
    const auto taken = piece.first(std::min(packet_size - kept_.size(), piece.size()));
    kept_.insert(kept_.end(), taken.begin(), taken.end());
    piece = piece.subspan(taken.size());
    if (kept_.size() < packet_size) return;
    const auto packet = std::exchange(kept_, {});
    synchronous_ = true;
    take_packet(packet);
  }
}

void ts_demuxer::take_packet(bytes_view p) {
  const bool broken = (p[1] & 0x80) != 0;
  const bool start = (p[1] & 0x40) != 0;
  const auto pid = static_cast<std::uint16_t>(load_be16(p.data() + 1) & 0x1fff);
  const auto adaptation = p[3] >> 4 & 3;
  const auto counter = p[3] & 15;
  if (broken) return counters_.malformed.add();
  if (pid == null_pid || (adaptation & 1) == 0) return;
  std::size_t at = 4;
  bool jump_allowed = false;
  if ((adaptation & 2) != 0) {
    jump_allowed = p[4] > 0 && (p[5] & 0x80) != 0;
    at += std::size_t{1} + p[4];
  }
  if (at >= packet_size) return at > packet_size ? counters_.malformed.add() : void();
  const auto payload = p.subspan(at);
  if ((p[3] & 0xc0) != 0) return counters_.passed_over.add();  // scrambled
  if (pid == 0) return take_section(pat_, payload, start, &ts_demuxer::parse_pat);
  if (pid == pmt_pid_) return take_section(pmt_, payload, start, &ts_demuxer::parse_pmt);
  auto* s = stream_of(pid);
  if (s == nullptr) return;
  const auto before = std::exchange(s->counter, counter);
  if (before == counter && !jump_allowed) return;  // 2.4.3.3: a packet may be sent twice
  if (before >= 0 && (before + 1) % 16 != counter && !jump_allowed) s->damaged = s->open || s->in_header;
  take_payload(*s, payload, start);
}

ts_demuxer::stream* ts_demuxer::stream_of(std::uint16_t pid) noexcept {
  const auto found = std::find_if(streams_.begin(), streams_.end(), [&](const stream& s) { return s.pid == pid; });
  return found == streams_.end() ? nullptr : &*found;
}

// ---- tables -------------------------------------------------------------------------------------------------------

// 2.4.4.1: the pointer says where in the payload a section begins.
void ts_demuxer::take_section(section& s, bytes_view payload, bool start, void (ts_demuxer::*parse)(bytes_view)) {
  if (start) {
    const std::size_t pointer = payload[0];
    if (1 + pointer >= payload.size()) return counters_.malformed.add();
    payload = payload.subspan(1 + pointer);
    s.bytes.clear();
    s.begun = true;
  }
  if (!s.begun) return;
  s.bytes.insert(s.bytes.end(), payload.begin(), payload.end());
  if (s.bytes.size() < 3) return;
  const std::size_t size = std::size_t{3} + (load_be16(s.bytes.data() + 1) & 0xfff);
  if (size > max_section || size < 12) {
    s.begun = false;
    return counters_.malformed.add();
  }
  if (s.bytes.size() < size) return;
  s.begun = false;
  const auto table = bytes_view{s.bytes}.first(size);
  if (mpeg_crc(table) != 0) return counters_.malformed.add();
  (this->*parse)(table.first(size - 4));
}

void ts_demuxer::parse_pat(bytes_view t) {
  if (t[0] != 0x00) return;
  for (std::size_t at = 8; at + 4 <= t.size(); at += 4) {
    const auto program = load_be16(t.data() + at);
    const auto pid = static_cast<std::uint16_t>(load_be16(t.data() + at + 2) & 0x1fff);
    if (program == 0) continue;  // the network's
    if (pmt_pid_ != pid) pmt_ = {};
    pmt_pid_ = pid;
    return;
  }
}

void ts_demuxer::parse_pmt(bytes_view t) {
  if (t[0] != 0x02 || t.size() < 12) return;
  const std::size_t info = load_be16(t.data() + 10) & 0xfff;
  std::vector<stream> now;
  for (std::size_t at = 12 + info; at + 5 <= t.size() && now.size() < max_streams;) {
    const auto pid = static_cast<std::uint16_t>(load_be16(t.data() + at + 1) & 0x1fff);
    const auto format = codec_of_stream_type(t[at]);
    auto* known = stream_of(pid);
    if (known != nullptr && known->format == format) {
      now.push_back(std::move(*known));
      known->open = known->in_header = false;
    } else {
      now.emplace_back();
      now.back().pid = pid;
      now.back().format = format;
    }
    at += std::size_t{5} + (load_be16(t.data() + at + 3) & 0xfff);
  }
  for (auto& gone : streams_) end_unit(gone);
  streams_ = std::move(now);
  mapped_ = true;
}

// ---- PES packets --------------------------------------------------------------------------------------------------

void ts_demuxer::take_payload(stream& s, bytes_view payload, bool start) {
  if (!is_served(s.format)) {
    if (start) counters_.passed_over.add();
    return;
  }
  if (start) {
    const bool damaged = std::exchange(s.damaged, false);
    s.damaged = damaged && s.open;
    end_unit(s);
    s.in_header = true;
    s.header.clear();
  }
  if (s.in_header) {
    const auto taken = payload.first(std::min(payload.size(), max_pes_header - s.header.size()));
    const auto had = s.header.size();
    s.header.insert(s.header.end(), taken.begin(), taken.end());
    if (s.header.size() < pes_header::fixed_size) return;
    const auto size = pes_header_size(s.header);
    if (s.header.size() < size) return;
    payload = payload.subspan(size - had);
    s.header.resize(size);
    s.in_header = false;
    begin_unit(s);
  }
  if (s.open) give(s, payload);
}

void ts_demuxer::begin_unit(stream& s) {
  const auto h = s.header[0] == 0 && s.header[1] == 0 && s.header[2] == 1 ? parse_pes_header(s.header) : std::nullopt;
  if (!h) return counters_.malformed.add();
  s.open = true;
  s.stamps = h->stamps;
  s.remaining = h->payload_size();
  s.audio.clear();
  if (s.video()) out_.unit_begin(s.id(), s.stamps);
}

void ts_demuxer::give(stream& s, bytes_view payload) {
  if (s.remaining) payload = payload.first(std::min(payload.size(), *s.remaining));
  if (s.video()) {
    if (!payload.empty()) out_.bytes(payload);
  } else if (s.audio.size() + payload.size() <= max_audio_unit) {
    s.audio.insert(s.audio.end(), payload.begin(), payload.end());
  } else {
    counters_.oversized.add();
    s.open = false;
  }
  if (!s.remaining) return;
  *s.remaining -= payload.size();
  if (*s.remaining == 0) end_unit(s);
}

void ts_demuxer::end_unit(stream& s) {
  if (!std::exchange(s.open, false)) return;
  const bool damaged = std::exchange(s.damaged, false) || (s.remaining && *s.remaining > 0);
  if (!s.video()) {
    out_.unit_begin(s.id(), s.stamps);
    if (!s.audio.empty()) out_.bytes(s.audio);
  }
  out_.unit_end(damaged);
}

void ts_demuxer::lost() {
  kept_.clear();
  for (auto& s : streams_) {
    s.damaged = true;
    end_unit(s);
    s.in_header = false;
    s.damaged = false;
    s.counter = -1;
  }
  pat_.begun = pmt_.begun = false;
  out_.lost();
}

void ts_demuxer::flush() {
  for (auto& s : streams_) {
    end_unit(s);
    s.in_header = false;
  }
}

std::optional<announced_tracks> ts_demuxer::announced() const noexcept {
  if (!mapped_) return std::nullopt;
  announced_tracks a;
  for (const auto& s : streams_) {
    a.video = a.video || (is_served(s.format) && s.video());
    a.audio = a.audio || (is_served(s.format) && !s.video());
  }
  return a;
}

}  // namespace berth::net
