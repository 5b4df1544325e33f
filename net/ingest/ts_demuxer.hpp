// Elementary streams out of an MPEG transport stream (ISO/IEC 13818-1 2.4), in RTP as RFC 2250 has it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "net/ingest/depacketizer.hpp"
#include "net/ingest/pes_header.hpp"

namespace berth::net {

///    0      1                                        3                                      4                    188
///   +------+---------------------------------------+--------------------------------------+- - - - - - -+- - - - -+
///   | 0x47 | error 1, unit start 1, prio 1, PID 13 | scrambling 2, adaptation 2, counter 4 | adaptation  | payload |
///   +------+---------------------------------------+--------------------------------------+- - - - - - -+- - - - -+
///
/// A push parser over pieces of any size: packets that lie whole in a piece are not copied, and video goes on as views.
/// Audio is collected until its PES packet is complete, since it comes in between the packets of video. Takes the first
/// program and its first max_streams streams. Bounded whatever arrives. Markers of RTP mean nothing here.
/// Owned by the stream's payload set and touched by its thread only.
class ts_demuxer {
 public:
  static constexpr std::size_t packet_size = 188;
  static constexpr std::size_t max_streams = 8;
  static constexpr std::size_t max_audio_unit = 64 * 1024;

  ts_demuxer(elementary_sink& out, media_counters& counters) : out_(out), counters_(counters) {}

  void push(bytes_view piece);
  void lost();
  void access_unit_end() {}
  void flush();
  /// None before the first program map.
  std::optional<announced_tracks> announced() const noexcept;

  /// A payload of whole packets, each with its sync byte.
  static bool looks_like_ts(bytes_view payload) noexcept;

 private:
  /// A table section that may go over several packets.
  struct section {
    std::vector<std::uint8_t> bytes;
    bool begun = false;
  };
  struct stream {
    std::uint16_t pid = 0;
    codec format = codec::unknown;
    int counter = -1;
    bool in_header = false;
    bool open = false;  // its unit is; of audio, it is being collected
    bool damaged = false;
    std::vector<std::uint8_t> header;
    std::vector<std::uint8_t> audio;
    std::optional<raw_stamps> stamps;
    std::optional<std::size_t> remaining;  // bytes of payload, if the PES packet says

    bool video() const noexcept { return is_video(format); }
    elementary_stream id() const noexcept { return {pid, format, 90000, 33}; }
  };

  void take_packet(bytes_view packet);
  void take_section(section& s, bytes_view payload, bool start, void (ts_demuxer::*parse)(bytes_view));
  void parse_pat(bytes_view table);
  void parse_pmt(bytes_view table);
  void take_payload(stream& s, bytes_view payload, bool start);
  void begin_unit(stream& s);
  void give(stream& s, bytes_view payload);
  void end_unit(stream& s);
  stream* stream_of(std::uint16_t pid) noexcept;

  elementary_sink& out_;
  media_counters& counters_;
  std::vector<std::uint8_t> kept_;  // the beginning of a packet
  bool synchronous_ = true;
  std::optional<std::uint16_t> pmt_pid_;
  section pat_, pmt_;
  bool mapped_ = false;
  std::vector<stream> streams_;
};

}  // namespace berth::net
