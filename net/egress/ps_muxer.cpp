#include "net/egress/ps_muxer.hpp"

#include <algorithm>
#include <initializer_list>

#include "net/codec/aac_syntax.hpp"
#include "net/codec/annexb.hpp"
#include "net/codec/mpeg_crc.hpp"
#include "net/codec/stream_type.hpp"

namespace berth::net {
namespace {

using octets = std::vector<std::uint8_t>;

constexpr std::uint8_t video_id = 0xe0, audio_id = 0xc0;
constexpr unsigned frames_between_maps = 50;
constexpr std::uint32_t mux_rate = 100'000;          // of 50 byte/s: 40 Mbit/s, an upper bound
constexpr std::size_t largest_pes_payload = 65'000;  // with the header below what 16 bits can say
constexpr std::uint64_t stamp_mask = (std::uint64_t{1} << 33) - 1;

std::uint8_t low(std::uint64_t v) { return static_cast<std::uint8_t>(v); }

void put16(octets& to, std::size_t v) { put(to, {low(v >> 8), low(v)}); }

// 2.5.3.3:
//
//   000001BA | 01 | SCR base 32..30 | 1 | 29..15 | 1 | 14..0 | 1 | SCR extension (9) | 1 | program_mux_rate (22) | 11 |
//   reserved (5) | stuffing length (3)
void put_pack_header(octets& to, std::int64_t dts) {
  const auto scr = static_cast<std::uint64_t>(dts) & stamp_mask;
  put(to, {0, 0, 1, 0xba, low(0x44 | (scr >> 27 & 0x38) | (scr >> 28 & 3)), low(scr >> 20),
           low((scr >> 12 & 0xf8) | 4 | (scr >> 13 & 3)), low(scr >> 5), low((scr << 3 & 0xf8) | 4), 1,
           low(mux_rate >> 14), low(mux_rate >> 6), low((mux_rate << 2 & 0xfc) | 3), 0xf8});
}

// 2.5.3.5:
//
//   000001BB | header_length (16) | 1 | rate_bound (22) | 1 | audio_bound (6) | fixed (1) | CSPS (1) | audio lock (1) |
//   video lock (1) | 1 | video_bound (5) | packet_rate_restriction (1) | reserved (7) |
//   for each stream: id (8) | 11 | buffer_bound_scale (1) | buffer_size_bound (13)
void put_system_header(octets& to, bool video, bool audio) {
  put(to, {0, 0, 1, 0xbb});
  put16(to, 6U + (video ? 3 : 0) + (audio ? 3 : 0));
  put(to, {low(0x80 | mux_rate >> 15), low(mux_rate >> 7), low((mux_rate << 1 & 0xfe) | 1), low(audio ? 4 : 0),
           low(0x20 | (video ? 1 : 0)), 0xff});
  if (video) put(to, {video_id, 0xff, 0xff});
  if (audio) put(to, {audio_id, 0xc0, 0x20});
}

// 2.5.4.1:
//
//   000001BC | program_stream_map_length (16) | current (1) | reserved (2) | version (5) | reserved (7) | 1 |
//   program_stream_info_length (16) = 0 | elementary_stream_map_length (16) |
//   for each stream: stream_type (8) | id (8) | info length (16) = 0 | CRC (32)
void put_map(octets& to, const carried_tracks& tracks, std::uint8_t version) {
  const auto begin = to.size();
  const std::size_t entries = 4U * ((tracks.video() ? 1 : 0) + (tracks.audio() ? 1 : 0));
  put(to, {0, 0, 1, 0xbc});
  put16(to, 10 + entries);
  put(to, {low(0xe0 | (version & 0x1f)), 0xff, 0, 0});
  put16(to, entries);
  if (tracks.video()) put(to, {stream_type_of(tracks.video()->format), video_id, 0, 0});
  if (tracks.audio()) put(to, {stream_type_of(tracks.audio()->format), audio_id, 0, 0});
  const auto crc = mpeg_crc(bytes_view{to}.subspan(begin));
  put(to, {low(crc >> 24), low(crc >> 16), low(crc >> 8), low(crc)});
}

// 2.4.3.7: prefix (4) | 32..30 | 1 | 29..15 | 1 | 14..0 | 1
void put_stamp(octets& to, unsigned prefix, std::int64_t stamp) {
  const auto s = static_cast<std::uint64_t>(stamp) & stamp_mask;
  put(to, {low(prefix << 4 | (s >> 29 & 0xe) | 1), low(s >> 22), low((s >> 14 & 0xfe) | 1), low(s >> 7),
           low((s << 1 & 0xfe) | 1)});
}

void put_pes(octets& to, std::uint8_t id, const frame& f, bytes_view head, bytes_view data) {
  const bool both = f.pts != f.dts;
  bool first = true;
  do {
    const std::size_t stamps = first ? (both ? 10 : 5) : 0;
    const auto size = std::min(largest_pes_payload, data.size());
    put(to, {0, 0, 1, id});
    put16(to, 3 + stamps + head.size() + size);
    put(to, {low(first ? 0x84 : 0x80), low(first ? (both ? 0xc0 : 0x80) : 0), low(stamps)});
    if (first) put_stamp(to, both ? 3 : 2, f.pts);
    if (first && both) put_stamp(to, 1, f.dts);
    put(to, head);
    put(to, data.first(size));
    data = data.subspan(size);
    head = {};
    first = false;
  } while (!data.empty());
}

carried_tracks::codecs carried() {
  carried_tracks::codecs out;
  for (std::size_t i = 0; i < codec_count; ++i) out[i] = ps_muxer::can_carry(static_cast<codec>(i));
  return out;
}

}  // namespace

bool ps_muxer::can_carry(codec format) noexcept { return is_served(format) && stream_type_of(format) != 0; }

ps_muxer::ps_muxer(const std::vector<track_ptr>& tracks) : tracks_(carried(), tracks) {}

bool ps_muxer::write(const frame& f, octets& to) {
  const auto fit = tracks_.take(f.of);
  if (fit == carried_tracks::fit::none || f.data.empty()) return false;
  if (fit == carried_tracks::fit::changed) {
    map_due_ = true;
    ++map_version_;
  }
  put_pack_header(to, f.dts);
  ++frames_;
  if (map_due_ || f.key || (!tracks_.video() && frames_ >= frames_between_maps)) {
    put_system_header(to, tracks_.video() != nullptr, tracks_.audio() != nullptr);
    put_map(to, tracks_, map_version_);
    map_due_ = false;
    frames_ = 0;
  }
  if (f.of->kind == media_kind::video) {
    constexpr std::uint8_t start_code[] = {0, 0, 0, 1};
    unit_.clear();
    const auto add = [&](bytes_view nal) {
      put(unit_, start_code);
      put(unit_, nal);
    };
    if (f.key)
      for (const auto* sets : {&f.of->vps, &f.of->sps, &f.of->pps})
        for (const auto& s : *sets) add(s);
    for_each_nal(f.data, add);
    put_pes(to, video_id, f, {}, unit_);
  } else if (f.of->format == codec::aac) {
    const auto header = aac::make_adts(f.of->configuration, f.data.size());
    if (header) put_pes(to, audio_id, f, *header, f.data);
  } else {
    put_pes(to, audio_id, f, {}, f.data);
  }
  return true;
}

}  // namespace berth::net
