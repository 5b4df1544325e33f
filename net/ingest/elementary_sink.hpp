// The seam between what unpacks packets (PS, TS, RTP payload formats) and what makes frames of elementary streams.
#pragma once

#include <cstdint>
#include <optional>

#include "net/base/bytes.hpp"
#include "net/codec/codec.hpp"

namespace berth::net {

/// An elementary stream as its carrier names it.
struct elementary_stream {
  std::uint32_t id = 0;  ///< PS stream_id, TS PID, or RTP payload type: unique within its carrier
  codec format = codec::unknown;
  std::uint32_t clock_rate = 90000;  ///< of the time stamps
  std::uint8_t stamp_bits = 33;      ///< width of the time stamps: 33 in PES, 32 in RTP

  bool operator==(const elementary_stream&) const = default;
};

/// Raw time stamps in units of the stream's clock, not unwrapped. Without B-frames dts equals pts.
struct raw_stamps {
  std::uint64_t pts = 0;
  std::uint64_t dts = 0;

  bool operator==(const raw_stamps&) const = default;
};

/// Takes elementary streams apart from how they were carried, piece by piece and in order of arrival. A unit (a PES
/// packet, or all RTP packets of one time stamp) is begun, filled and ended; a unit of
/// another stream may come in between, but only whole. Byte streams (PES payload: NAL units behind start codes, ADTS frames, G.711 samples) come through
/// bytes(); NAL units that the carrier has told apart (RFC 6184, RFC 7798) through nal_begin(), nal_bytes(), nal_end().
/// The views are valid during the call only. Implementations must not throw.
class elementary_sink {
 public:
  /// Without stamps, the unit goes on with what the stream's last unit began (a PES packet without PTS).
  virtual void unit_begin(const elementary_stream& stream, std::optional<raw_stamps> stamps) = 0;
  virtual void bytes(bytes_view piece) = 0;
  virtual void nal_begin() = 0;
  virtual void nal_bytes(bytes_view piece) = 0;
  virtual void nal_end() = 0;
  /// `damaged`: packets are missing somewhere inside the unit.
  virtual void unit_end(bool damaged) = 0;
  /// Packets are missing between units: nobody knows of which stream they were.
  virtual void lost() = 0;
  /// The sender says that the access unit is complete (RTP marker bit). Some senders lie.
  virtual void access_unit_end() = 0;

 protected:
  ~elementary_sink() = default;
};

}  // namespace berth::net
