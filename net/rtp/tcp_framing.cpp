#include "net/rtp/tcp_framing.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "net/rtp/rtp_packet.hpp"

namespace berth::net {
namespace {

constexpr std::size_t least_frame = 8;  // an RTCP report without blocks
constexpr std::size_t ehome_header = 256;
constexpr std::size_t search_step = 4096;
constexpr std::array public_forms{tcp_form::interleaved, tcp_form::length_prefixed};
constexpr tcp_form ehome_only = tcp_form::ehome;  // its prefix proves too little to look for it on every connection
constexpr std::uint64_t first_frames = 3;         // the private header is looked for where one of these starts

enum class fit : std::uint8_t {
  no,
  open,  // the bytes that would tell are not there yet
  yes,
};

// What a form makes of the bytes at one place.
struct frame_start {
  fit verdict = fit::no;
  std::size_t needed = 0;   // open: how many bytes of the data would tell more
  std::size_t payload = 0;  // yes: where the packet begins
  std::size_t end = 0;      // yes: where the next frame begins
  bool rtcp = false;
  std::uint32_t ssrc = 0;  // RTP only
};

constexpr frame_start open_until(std::size_t needed) noexcept { return {.verdict = fit::open, .needed = needed}; }

frame_start read_start(tcp_form form, bytes_view data, std::size_t at, std::size_t max_frame) noexcept {
  const std::size_t payload = at + (form == tcp_form::length_prefixed ? 2 : 4);
  if (form == tcp_form::interleaved && at < data.size() && data[at] != '$') return {};
  if (data.size() < payload) return open_until(payload);
  const std::size_t length = load_be16(&data[payload - 2]);
  if (length < least_frame || length > max_frame) return {};

  if (data.size() < payload + 2) return open_until(payload + 2);
  const std::uint8_t* const p = &data[payload];
  if (is_rtp_start(p[0], p[1])) {
    if (length < rtp_header_size) return {};
    if (data.size() < payload + rtp_header_size) return open_until(payload + rtp_header_size);
    return {.verdict = fit::yes, .payload = payload, .end = payload + length, .ssrc = load_be32(p + 8)};
  }
  if (p[0] >> 6 != 2 || p[1] < 192 || p[1] > 223) return {};
  if (data.size() < payload + 4) return open_until(payload + 4);
  if ((std::size_t{load_be16(p + 2)} + 1) * 4 > length) return {};
  return {.verdict = fit::yes, .payload = payload, .end = payload + length, .rtcp = true};
}

// The same where a connection begins: a private header may stand in front.
frame_start read_first(tcp_form form, bytes_view data, std::size_t max_frame) noexcept {
  if (form != tcp_form::ehome) return read_start(form, data, 0, max_frame);
  if (data[0] != 1 || (data.size() > 1 && data[1] != 0) || (data.size() > 2 && data[2] < 1)) return {};
  return data.size() < 3 ? open_until(3) : read_start(form, data, ehome_header, max_frame);
}

}  // namespace

tcp_framing::tcp_framing(std::size_t max_frame)
    : max_frame_(std::clamp<std::size_t>(max_frame, rtp_header_size, 0xffff)) {}

void tcp_framing::feed(bytes_view chunk, sink_ref sink) {
  while (!chunk.empty()) {
    if (pending_.empty()) {
      chunk = chunk.subspan(parse(chunk, sink));
      pending_.assign(chunk.begin(), chunk.end());
      return;
    }
    // As little as finishes the frame, so that the ones behind it need no copy. While searching, moving on by single
    // bytes would cost a sender little and this side a lot.
    const std::size_t wanted = std::max(needed_ - pending_.size(), lost_ ? search_step : 1);
    const std::size_t taken = std::min(wanted, chunk.size());
    pending_.insert(pending_.end(), chunk.data(), chunk.data() + taken);
    chunk = chunk.subspan(taken);
    if (pending_.size() < needed_) return;
    const std::size_t used = parse(pending_, sink);
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(used));
  }
}

// Returns how many bytes are done with. If that is not all, needed_ says how many of the rest are too few.
std::size_t tcp_framing::parse(bytes_view data, sink_ref sink) {
  std::size_t used = 0;
  needed_ = 0;
  while (used < data.size() && needed_ == 0) {
    const auto rest = data.subspan(used);
    if (lost_)
      used += search(rest);
    else if (form_ == tcp_form::undecided)
      used += decide(rest);
    else
      used += split(rest, sink);
  }
  return used;
}

// The form of a connection is the one whose first packet stands where it should. If that holds for more than one, the
// next frame tells: it has to start where the form says, at best with the same SSRC. (A length of 0x0100 looks like a
// private header, whose last prefix bytes look like the next length; one of 0x24xx like '$', if frames may exceed 32
// KB.)
std::size_t tcp_framing::decide(bytes_view data) {
  struct candidate {
    tcp_form form;
    frame_start start;
  };
  std::array<candidate, 3> possible;
  std::size_t count = 0;
  for (const auto form : {tcp_form::length_prefixed, tcp_form::interleaved, tcp_form::ehome})
    if (const auto start = read_first(form, data, max_frame_); start.verdict != fit::no)
      possible[count++] = {form, start};

  for (std::size_t i = 0; count > 1 && i < count;) {
    auto& [form, start] = possible[i];
    const auto next =
        start.verdict == fit::yes ? read_start(form, data, start.end, max_frame_) : open_until(start.needed);
    if (next.verdict == fit::no) {
      std::move(possible.begin() + i + 1, possible.begin() + count--, possible.begin() + i);
      continue;
    }
    if (next.verdict == fit::yes && !next.rtcp && next.ssrc == start.ssrc) {
      possible[0] = possible[i];
      count = 1;
    }
    start.needed = next.needed;
    ++i;
  }

  if (count == 0) {
    lose();
    return 0;
  }
  if (count > 1 || possible[0].start.verdict == fit::open) {
    for (const auto& c : std::span(possible).first(count))
      if (c.start.needed > 0) needed_ = needed_ == 0 ? c.start.needed : std::min(needed_, c.start.needed);
    if (needed_ > 0) return 0;
  }
  form_ = possible[0].form;
  return form_ == tcp_form::ehome ? ehome_header : 0;
}

std::size_t tcp_framing::split(bytes_view data, sink_ref sink) {
  const auto start = read_start(form_, data, 0, max_frame_);
  if (start.verdict == fit::open) {
    needed_ = start.needed;
    return 0;
  }
  if (start.verdict == fit::no) {
    if (frames_ < first_frames)
      form_ = tcp_form::undecided;
    else
      lose();
    return 0;
  }
  if (!start.rtcp && ssrc_ && start.ssrc != *ssrc_) {
    // Another stream on this connection, or garbage that looks like RTP: it has to lead to a next frame.
    const auto next = read_start(form_, data, start.end, max_frame_);
    if (next.verdict == fit::open) needed_ = next.needed;
    if (next.verdict == fit::no) lose();
    if (next.verdict != fit::yes) return 0;
  }
  if (data.size() < start.end) {
    needed_ = start.end;
    return 0;
  }
  if (!start.rtcp) ssrc_ = start.ssrc;
  deliver({data.subspan(start.payload, start.end - start.payload), start.rtcp}, sink);
  return start.end;
}

// Looks for the first place where an RTP frame stands that leads to another frame, and whose SSRC is known or is also
// that of the next one. Garbage often looks like a frame whose end is not there yet: it is kept, but holds up nothing.
std::size_t tcp_framing::search(bytes_view data) {
  std::size_t kept_from = data.size();
  const auto forms = form_ == tcp_form::ehome ? std::span(&ehome_only, 1) : std::span(public_forms);
  for (std::size_t at = 0; at < data.size(); ++at) {
    for (const auto form : forms) {
      const auto start = read_start(form, data, at, max_frame_);
      if (start.verdict == fit::no || start.rtcp) continue;
      const auto next = start.verdict == fit::open ? start : read_start(form, data, start.end, max_frame_);
      if (next.verdict == fit::no) continue;
      if (next.verdict == fit::open) {
        kept_from = std::min(kept_from, at);
        needed_ = needed_ == 0 ? next.needed : std::min(needed_, next.needed);
      } else if (start.ssrc == ssrc_ || (!next.rtcp && next.ssrc == start.ssrc)) {
        form_ = form;
        lost_ = false;
        needed_ = 0;
        skipped_bytes_ += at;
        return at;
      }
    }
  }
  if (needed_ > 0) {
    // What is kept is read again each time: a sender of single bytes must not make that cost the square.
    const std::size_t kept = data.size() - kept_from;
    needed_ = std::max(needed_ - kept_from, kept + kept / 16);
  }
  skipped_bytes_ += kept_from;
  return kept_from;
}

void tcp_framing::lose() noexcept {
  lost_ = true;
  ++resyncs_;
}

void tcp_framing::deliver(const tcp_frame& frame, sink_ref sink) {
  ++frames_;
  const auto bytes = frame.bytes;
  if (form_ != tcp_form::ehome || frame.rtcp || bytes.size() <= rtp_header_size || bytes[rtp_header_size] != '\r')
    return sink(frame);
  scratch_.assign(bytes.begin(), bytes.begin() + rtp_header_size);
  scratch_.insert(scratch_.end(), bytes.begin() + rtp_header_size + 1, bytes.end());
  sink({scratch_, false});
}

}  // namespace berth::net
