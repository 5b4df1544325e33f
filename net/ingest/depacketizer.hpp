// The seam between ordered RTP packets and the payload formats that unpack them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "net/base/bytes.hpp"
#include "net/ingest/elementary_sink.hpp"
#include "net/media/media_counters.hpp"

namespace berth::net {

/// One packet of a payload format, in order. The payload is valid during the call only.
struct media_packet {
  std::uint32_t timestamp = 0;
  bool marker = false;
  bytes_view payload;
};

/// The tracks that a carrier names before they come.
struct announced_tracks {
  bool video = false;
  bool audio = false;

  bool operator==(const announced_tracks&) const = default;
};

/// Unpacks the packets of one payload type. Any bytes are allowed: what is broken is counted and passed over.
/// Owned by the stream's set of payload types and touched by its thread only.
class depacketizer {
 public:
  virtual ~depacketizer() = default;

  virtual void push(const media_packet& packet) = 0;
  /// Packets are missing before the next one.
  virtual void lost() = 0;
  /// Nothing more comes: ends what is open.
  virtual void flush() = 0;
  /// None = the carrier does not say.
  virtual std::optional<announced_tracks> announced() const { return std::nullopt; }
};

/// Whether bytes are a payload of some format.
enum class likeness : std::uint8_t {
  no,     ///< they contradict it
  maybe,  ///< nothing speaks against it, but other formats have such bytes too
  yes,    ///< other formats have such bytes by an accident of some 1 in 100 000 packets at most
};

/// Size of the Annex B start code that the bytes begin with, 0 = none. No RTP payload of H.264 or H.265 begins so: NAL
/// unit type 0 of the one is not specified, temporal id -1 of the other does not exist.
inline std::size_t start_code_size(bytes_view b) noexcept {
  const bool zeros = b.size() >= 3 && b[0] == 0 && b[1] == 0;
  if (zeros && b[2] == 1) return 3;
  return zeros && b[2] == 0 && b.size() >= 4 && b[3] == 1 ? 4 : 0;
}

/// Calls each(bytes_view) for what stands between the start codes of a payload, or for the payload if it does not begin
/// with one: some cameras leave them in. A NAL unit that goes on in the next packet is not put together.
template <class Each>
void for_each_piece(bytes_view payload, Each each) {
  constexpr std::uint8_t start_code[] = {0, 0, 1};
  const auto size = start_code_size(payload);
  auto rest = payload.subspan(size);
  const auto find_next = [&] {
    return std::search(rest.begin(), rest.end(), std::begin(start_code), std::end(start_code));
  };
  for (auto next = size != 0 ? find_next() : rest.end(); next != rest.end(); next = find_next()) {
    auto piece = rest.first(static_cast<std::size_t>(next - rest.begin()));
    rest = rest.subspan(piece.size() + std::size(start_code));
    while (!piece.empty() && piece.back() == 0) piece = piece.first(piece.size() - 1);
    if (!piece.empty()) each(piece);
  }
  if (!rest.empty()) each(rest);
}

/// What the payload formats of H.264 and H.265 have in common. The packets of one time stamp are one unit, which a
/// change of the time stamp ends, or a marker; a marker in the middle of a NAL unit is a lie and is not believed. A
/// packet of the same time stamp behind that begins the unit again, with the same stamps. A NAL unit that does not come
/// to its end is cut, and its unit is damaged. Keeps no bytes. A part of one depacketizer, on its thread.
class nal_units {
 public:
  nal_units(elementary_sink& out, media_counters& counters, const elementary_stream& stream) noexcept
      : out_(out), counters_(counters), stream_(stream) {}
  nal_units(const nal_units&) = delete;
  nal_units& operator=(const nal_units&) = delete;

  /// First of all for each packet: what comes next belongs to the unit of this stamp.
  void enter(std::uint32_t timestamp) {
    if (open_ && timestamp == timestamp_) return;
    end_unit();
    damaged_ = lost_ && begun_ && timestamp == timestamp_;  // the loss is inside this unit
    lost_ = false;
    open_ = begun_ = true;
    timestamp_ = timestamp;
    out_.unit_begin(stream_, raw_stamps{timestamp, timestamp});
  }
  /// Last of all for each packet.
  void leave(bool marker) {
    if (!marker || in_nal_ || !open_) return;
    end_unit();
    out_.access_unit_end();
  }

  void whole(bytes_view nal) {
    begin_nal(nal);
    end_nal();
  }
  void begin_nal(bytes_view header) {
    cut_nal();
    in_nal_ = true;
    out_.nal_begin();
    out_.nal_bytes(header);
  }
  /// Without a beginning, the piece is dropped.
  void continue_nal(bytes_view piece) {
    if (!in_nal_)
      damaged_ = true;
    else if (!piece.empty())
      out_.nal_bytes(piece);
  }
  void end_nal() {
    if (in_nal_) out_.nal_end();
    in_nal_ = false;
  }

  /// Bytes of the unit are broken, or cannot be had from them.
  void broken() {
    counters_.malformed.add();
    damaged_ = true;
  }
  /// Bytes that mean nothing, and that nothing is missing without.
  void meaningless() { counters_.malformed.add(); }

  void lost() {
    cut_nal();
    damaged_ = true;
    end_unit();
    lost_ = true;
    out_.lost();
  }
  void end_unit() {
    cut_nal();
    if (open_) out_.unit_end(damaged_);
    open_ = damaged_ = false;
  }

 private:
  void cut_nal() {
    if (in_nal_) damaged_ = true;
    end_nal();
  }

  elementary_sink& out_;
  media_counters& counters_;
  const elementary_stream stream_;
  std::uint32_t timestamp_ = 0;  // of the unit that is open, or was last
  bool begun_ = false;           // there was a unit
  bool open_ = false;
  bool in_nal_ = false;
  bool damaged_ = false;
  bool lost_ = false;  // packets are missing since the last unit
};

}  // namespace berth::net
