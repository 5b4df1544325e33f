// The header of a PES packet, the same in program and transport streams (ISO/IEC 13818-1 2.4.3.6).
#pragma once

#include <optional>

#include "net/base/bytes.hpp"
#include "net/ingest/elementary_sink.hpp"

namespace berth::net {

///    0        3           4                6      7       8                    9
///   +--------+-----------+----------------+------+-------+--------------------+- - - - - - - - -+- - -
///   | 000001 | stream_id | packet_length  | 10.. | flags | header_data_length | PTS, DTS, ...   | payload
///   +--------+-----------+----------------+------+-------+--------------------+- - - - - - - - -+- - -
///
/// packet_length counts what is behind it; 0 = not said.
struct pes_header {
  static constexpr std::size_t fixed_size = 9;

  std::uint8_t stream_id = 0;
  std::size_t packet_length = 0;
  std::size_t size = 0;  ///< of the header, up to the payload
  std::optional<raw_stamps> stamps;

  /// Bytes of payload, if packet_length says.
  std::optional<std::size_t> payload_size() const noexcept {
    if (packet_length == 0) return std::nullopt;
    const auto behind_length = size - 6;
    return packet_length > behind_length ? packet_length - behind_length : 0;
  }
};

/// Bytes of the header, from its first fixed_size ones.
inline std::size_t pes_header_size(bytes_view begin) noexcept { return pes_header::fixed_size + begin[8]; }
/// From the whole header. None if it is not one of MPEG-2. Marker bits that are wrong are overlooked.
std::optional<pes_header> parse_pes_header(bytes_view header) noexcept;

}  // namespace berth::net
