// What a stream has seen, in numbers that add up:
//   datagrams = accepted + the sum of all refusals.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/counter.hpp"

namespace berth::net {

/// Why a datagram (or TCP frame) on the RTP port was not accepted. Exactly one cause a datagram.
enum class refusal : std::uint8_t {
  too_short,     ///< fewer bytes than the fixed RTP header
  not_rtp,       ///< version is not 2, or the payload type is one of RTCP's
  bad_header,    ///< CSRC list, extension or padding reach past the end
  truncated,     ///< longer than the receive buffer
  wrong_ssrc,    ///< not the SSRC that the stream is filtered or locked to
  wrong_source,  ///< valid RTP, but not from the source the stream has learned
  resting,       ///< from a sender whose former stream on this port was closed
  duplicate,     ///< this sequence number was there already
  late,          ///< older than the reorder window
  out_of_order,  ///< first packet of a jump in the sequence; a second one in a row re-synchronizes
};
inline constexpr std::size_t refusal_count = 10;

/// The cause as a metric label and JSON name, e.g. "wrong_ssrc".
constexpr std::string_view to_string(refusal cause) noexcept {
  constexpr std::array<std::string_view, refusal_count> names{"too_short",  "not_rtp",      "bad_header", "truncated",
                                                              "wrong_ssrc", "wrong_source", "resting",    "duplicate",
                                                              "late",       "out_of_order"};
  return names[static_cast<std::size_t>(cause)];
}

/// Counters of one stream. Written by the thread that reads the stream's sockets, readable from everywhere.
struct stream_counters {
  counter datagrams;      ///< RTP datagrams and TCP frames read
  counter accepted;       ///< of these, handed on
  counter accepted_bytes; ///< bytes of the accepted ones, RTP header included
  std::array<counter, refusal_count> refused;

  counter lost;           ///< packets missing in the sequence so far (RFC 3550 A.3); falls when late ones arrive
  counter reordered;      ///< accepted, but behind a higher sequence number
  counter kernel_drops;   ///< datagrams the kernel dropped since the socket's buffer was full (SO_RXQ_OVFL)
  counter jitter_us;      ///< interarrival jitter (RFC 3550 A.8), microseconds
  counter ssrc_changes;
  counter source_changes;

  counter sender_reports;    ///< read
  counter receiver_reports;  ///< sent
  counter rtcp_malformed;

  counter tcp_connections;   ///< accepted or established
  counter tcp_refused;       ///< closed since they carried nothing acceptable, or one too many
  counter tcp_resyncs;       ///< times the framing was lost and looked for again
  counter tcp_skipped_bytes;

  void refuse(refusal cause) noexcept { refused[static_cast<std::size_t>(cause)].add(); }
  std::uint64_t refused_total() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& c : refused) sum += c.value();
    return sum;
  }
};

}  // namespace berth::net
