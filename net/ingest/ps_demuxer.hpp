// Elementary streams out of an MPEG program stream (ISO/IEC 13818-1 2.5), as GB/T 28181 devices send it in RTP.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "net/ingest/depacketizer.hpp"
#include "net/ingest/pes_header.hpp"

namespace berth::net {

///   pack header 000001BA | [system header BB] | [program stream map BC] | PES E0..EF video, C0..DF audio, ... | ...
///
/// A push parser over pieces of any size: payload goes on as views, only a header that straddles pieces is kept, and of
/// that no more than max_header. Codecs come from the map; before it, and for streams that it does not list, they are
/// unknown. Cameras lie about PES_packet_length: 0 ends at the next start code of the system layer, and so does a PES
/// packet behind whose length no such code stands. Owned by the stream's payload set and touched by its thread only.
class ps_demuxer {
 public:
  static constexpr std::size_t max_header = 4096;

  ps_demuxer(elementary_sink& out, media_counters& counters) : out_(out), counters_(counters) {
    formats_.fill(codec::unknown);
  }

  void push(bytes_view piece);
  /// Packets are missing: goes on at the next start code.
  void lost();
  /// The RTP marker: a PES packet of unknown length ends here.
  void access_unit_end();
  void flush();
  /// None before the first map.
  std::optional<announced_tracks> announced() const noexcept;

  /// Whether a payload begins as a program stream does: with a pack, a system header, a map or a PES packet.
  static bool looks_like_ps(bytes_view payload) noexcept;

 private:
  enum class state : std::uint8_t {
    header,     // a start code is due
    payload,    // of a PES packet whose length is known
    unbounded,  // payload up to the next start code
    skip,       // what nobody wants, by its length
    search,     // for a start code
  };

  bytes_view in_header(bytes_view piece);
  bytes_view in_payload(bytes_view piece);
  bytes_view in_skip(bytes_view piece);
  bytes_view in_search(bytes_view piece);
  bytes_view across_pieces(bytes_view piece);
  std::size_t wanted(bytes_view header) const noexcept;
  void take_header(bytes_view header);
  void take_map(bytes_view map);
  void take_pes(bytes_view header);
  void no_start_code(bytes_view instead);
  void give(bytes_view piece);
  void end_unit(bool damaged);

  elementary_sink& out_;
  media_counters& counters_;
  std::array<codec, 256> formats_;  // by stream_id
  bool mapped_ = false;

  state state_ = state::search;
  std::vector<std::uint8_t> kept_;  // a header, or the beginning of a start code, up to the end of the last piece
  std::size_t remaining_ = 0;       // bytes of payload or skip
  elementary_stream stream_;        // of the last PES packet
  bool open_ = false;               // its unit is
  bool may_go_on_ = false;          // it may have more bytes than its length says
};

}  // namespace berth::net
