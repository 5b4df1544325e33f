// A GB/T 28181 camera in memory: program streams out of frames, in RTP, with the faults that real cameras have.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "net/codec/annexb.hpp"
#include "net/media/frame.hpp"
#include "tests/support/packets.hpp"

namespace berth::tests {

struct ps_faults {
  bool map = true;              ///< a program stream map before key frames
  bool length_zero = false;     ///< PES_packet_length of video is 0
  bool length_wrapped = false;  ///< of a long PES packet only the low 16 bits are said
  bool pes_per_nal = false;     ///< every NAL unit has its own PES packet, the first alone has a PTS
  bool stamps = true;           ///< PTS at all
  enum class marker : std::uint8_t { right, never, always } marks = marker::right;
};

/// Writes packs and cuts them into RTP packets of one SSRC. A value.
class ps_sender {
 public:
  explicit ps_sender(std::uint32_t ssrc = 0x1234, ps_faults faults = {}, std::uint16_t first_sequence = 100)
      : ssrc_(ssrc), faults_(faults), sequence_(first_sequence) {}

  /// The packets of one frame. Stamps are the frame's, moved by `shift`.
  std::vector<bytes> packets_of(const net::frame& f, std::int64_t shift = 0) {
    const bool video = f.of->kind == net::media_kind::video;
    bytes ps;
    append_pack(ps, f.dts + shift);
    if (f.key && faults_.map) append_map(ps);
    if (video) {
      append_video(ps, f, shift);
    } else {
      bytes payload{f.data.begin(), f.data.end()};
      if (f.of->format == net::codec::aac) payload = with_adts(f);
      append_pes(ps, 0xc0, payload, f.pts + shift, f.pts + shift, false);
    }
    return cut(ps, static_cast<std::uint32_t>(f.pts + shift));
  }

  void set_map(std::uint8_t video_type, std::uint8_t audio_type) {
    video_type_ = video_type;
    audio_type_ = audio_type;
  }

 private:
  static void append_pack(bytes& to, std::int64_t scr) {
    const auto s = static_cast<std::uint64_t>(scr) & 0x1ffffffff;
    const std::uint8_t head[] = {0,
                                 0,
                                 1,
                                 0xba,
                                 static_cast<std::uint8_t>(0x44 | (s >> 27 & 0x38) | (s >> 28 & 3)),
                                 static_cast<std::uint8_t>(s >> 20),
                                 static_cast<std::uint8_t>((s >> 12 & 0xf8) | 4 | (s >> 13 & 3)),
                                 static_cast<std::uint8_t>(s >> 5),
                                 static_cast<std::uint8_t>((s << 3 & 0xf8) | 4),
                                 1,
                                 0,
                                 0x10,
                                 3,
                                 0xf8};
    append(to, {std::begin(head), std::end(head)});
  }
  void append_map(bytes& to) const {
    const bool audio = audio_type_ != 0;
    const std::size_t entries = audio ? 8 : 4;
    bytes m{0,           0,    1, 0xbc, 0, static_cast<std::uint8_t>(10 + entries),
            0xe1,        0xff, 0, 0,    0, static_cast<std::uint8_t>(entries),
            video_type_, 0xe0, 0, 0};
    if (audio) append(m, {audio_type_, 0xc0, 0, 0});
    append(m, {0, 0, 0, 0});  // a CRC that is wrong, as many have it
    append(to, m);
  }
  void append_video(bytes& to, const net::frame& f, std::int64_t shift) const {
    constexpr std::uint8_t start_code[] = {0, 0, 0, 1};
    std::vector<bytes> nals;
    if (f.key)
      for (const auto* sets : {&f.of->vps, &f.of->sps, &f.of->pps}) nals.insert(nals.end(), sets->begin(), sets->end());
    net::for_each_nal(f.data, [&](net::bytes_view n) { nals.emplace_back(n.begin(), n.end()); });
    bytes all;
    bool first = true;
    for (const auto& n : nals) {
      bytes one{std::begin(start_code), std::end(start_code)};
      append(one, n);
      if (faults_.pes_per_nal) {
        append_pes(to, 0xe0, one, f.pts + shift, f.dts + shift, !first);
        first = false;
      } else {
        append(all, one);
      }
    }
    if (!faults_.pes_per_nal) append_pes(to, 0xe0, all, f.pts + shift, f.dts + shift, false);
  }
  void append_pes(bytes& to, std::uint8_t id, const bytes& payload, std::int64_t pts, std::int64_t dts,
                  bool without_stamps) const {
    const bool stamped = faults_.stamps && !without_stamps;
    const bool both = stamped && pts != dts;
    const std::size_t extra = stamped ? (both ? 10 : 5) : 0;
    constexpr std::size_t most = 65000;
    std::size_t at = 0;
    bool first = true;
    do {
      // As devices do: a frame that is too long for one packet goes on in the next, which has no stamp.
      const bool one_packet = faults_.length_zero || faults_.length_wrapped;
      const auto size = one_packet ? payload.size() : std::min(most, payload.size() - at);
      const std::size_t head = first ? extra : 0;
      const auto length = faults_.length_zero && id == 0xe0 ? 0 : size + 3 + head;
      const auto flags = head == 0 ? 0 : both ? 0xc0 : 0x80;
      append(to, {0, 0, 1, id, static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length), 0x80,
                  static_cast<std::uint8_t>(flags), static_cast<std::uint8_t>(head)});
      if (head > 0) append_stamp(to, both ? 3 : 2, pts);
      if (head == 10) append_stamp(to, 1, dts);
      append(to, bytes(payload.begin() + static_cast<std::ptrdiff_t>(at),
                       payload.begin() + static_cast<std::ptrdiff_t>(at + size)));
      at += size;
      first = false;
    } while (at < payload.size());
  }
  static void append_stamp(bytes& to, int prefix, std::int64_t stamp) {
    const auto s = static_cast<std::uint64_t>(stamp) & 0x1ffffffff;
    append(to, {static_cast<std::uint8_t>(prefix << 4 | (s >> 29 & 0xe) | 1), static_cast<std::uint8_t>(s >> 22),
                static_cast<std::uint8_t>((s >> 14 & 0xfe) | 1), static_cast<std::uint8_t>(s >> 7),
                static_cast<std::uint8_t>((s << 1 & 0xfe) | 1)});
  }
  static bytes with_adts(const net::frame& f) {
    const auto& c = f.of->configuration;
    const unsigned bits = net::load_be16(c.data());
    const auto rate = bits >> 7 & 15, channels = bits >> 3 & 15, object = bits >> 11;
    const auto size = f.data.size() + 7;
    bytes out{0xff,
              0xf1,
              static_cast<std::uint8_t>((object - 1) << 6 | rate << 2 | channels >> 2),
              static_cast<std::uint8_t>((channels & 3) << 6 | size >> 11),
              static_cast<std::uint8_t>(size >> 3),
              static_cast<std::uint8_t>((size & 7) << 5 | 0x1f),
              0xfc};
    append(out, {f.data.begin(), f.data.end()});
    return out;
  }
  std::vector<bytes> cut(const bytes& ps, std::uint32_t timestamp) {
    constexpr std::size_t most = 1400;
    std::vector<bytes> packets;
    for (std::size_t at = 0; at < ps.size(); at += most) {
      const auto size = std::min(most, ps.size() - at);
      const bool last = at + size == ps.size();
      rtp_fields h{.sequence = sequence_++, .timestamp = timestamp, .ssrc = ssrc_, .payload = size};
      h.marker = faults_.marks == ps_faults::marker::always || (faults_.marks == ps_faults::marker::right && last);
      auto packet = make_rtp(h);
      std::copy_n(ps.begin() + static_cast<std::ptrdiff_t>(at), size, packet.begin() + 12);
      packets.push_back(std::move(packet));
    }
    return packets;
  }

  std::uint32_t ssrc_;
  ps_faults faults_;
  std::uint16_t sequence_;
  std::uint8_t video_type_ = 0x1b;
  std::uint8_t audio_type_ = 0;
};

}  // namespace berth::tests
