// What a stream has seen, in numbers that add up:
//   datagrams = accepted + the sum of all refusals.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/base/counter.hpp"
#include "net/base/figure.hpp"

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
inline constexpr std::size_t refusal_count = static_cast<std::size_t>(refusal::out_of_order) + 1;

/// The cause as a metric label and JSON name, e.g. "wrong_ssrc".
constexpr std::string_view to_string(refusal cause) noexcept {
  switch (cause) {
    case refusal::too_short:
      return "too_short";
    case refusal::not_rtp:
      return "not_rtp";
    case refusal::bad_header:
      return "bad_header";
    case refusal::truncated:
      return "truncated";
    case refusal::wrong_ssrc:
      return "wrong_ssrc";
    case refusal::wrong_source:
      return "wrong_source";
    case refusal::resting:
      return "resting";
    case refusal::duplicate:
      return "duplicate";
    case refusal::late:
      return "late";
    case refusal::out_of_order:
      return "out_of_order";
  }
  return {};
}

/// The figures of one stream, as counters that are being counted or as plain numbers that were read.
template <class Number>
struct basic_stream_counters {
  Number datagrams{};       ///< RTP datagrams and TCP frames read
  Number accepted{};        ///< of these, handed on
  Number accepted_bytes{};  ///< bytes of the accepted ones, RTP header included
  std::array<Number, refusal_count> refused{};

  Number lost{};          ///< packets missing in the sequence so far (RFC 3550 A.3), less when late ones arrive
  Number loss_ppm{};      ///< of the last seconds: packets missing in a million
  Number reordered{};     ///< accepted, but behind a higher sequence number
  Number kernel_drops{};  ///< datagrams the kernel dropped since the socket's buffer was full (SO_RXQ_OVFL)
  Number jitter_us{};     ///< interarrival jitter (RFC 3550 A.8), microseconds
  Number ssrc_changes{};
  Number source_changes{};

  Number sender_reports{};    ///< read
  Number receiver_reports{};  ///< sent
  Number rtcp_malformed{};

  Number tcp_connections{};  ///< accepted or established
  Number tcp_refused{};      ///< closed since they carried nothing acceptable, or one too many
  Number tcp_resyncs{};      ///< times the framing was lost and looked for again
  Number tcp_skipped_bytes{};
};

/// All of them but the refusals stand in one table, so that who copies, adds or prints them forgets none.
template <class Number>
inline constexpr auto stream_figures = [] {
  using c = basic_stream_counters<Number>;
  return std::to_array<figure<c, Number>>(
      {{"datagrams", figure_kind::total, &c::datagrams,
        "RTP datagrams and TCP frames read; the sum of the packets and the refused."},
       {"packets", figure_kind::total, &c::accepted, "RTP packets accepted."},
       {"bytes", figure_kind::total, &c::accepted_bytes, "Bytes of accepted RTP packets, headers included."},
       {"lost", figure_kind::level, &c::lost,
        "Packets missing in the sequences so far; falls when late ones arrive (RFC 3550 A.3)."},
       {"loss_ppm", figure_kind::level, &c::loss_ppm,
        "Packets of the last five seconds' sequence that are missing, in a million; of several streams the largest."},
       {"reordered", figure_kind::total, &c::reordered, "Packets accepted behind a higher sequence number."},
       {"kernel_drops", figure_kind::total, &c::kernel_drops, "Datagrams the kernel dropped for want of buffer."},
       {"jitter_us", figure_kind::level, &c::jitter_us,
        "Interarrival jitter (RFC 3550 A.8), microseconds; of several streams the largest."},
       {"ssrc_changes", figure_kind::total, &c::ssrc_changes, "Times a stream went on under another SSRC."},
       {"source_changes", figure_kind::total, &c::source_changes, "Times a stream went on from another address."},
       {"sender_reports", figure_kind::total, &c::sender_reports, "RTCP sender reports read."},
       {"receiver_reports", figure_kind::total, &c::receiver_reports, "RTCP receiver reports sent."},
       {"rtcp_malformed", figure_kind::total, &c::rtcp_malformed, "RTCP packets that could not be read."},
       {"tcp_connections", figure_kind::total, &c::tcp_connections, "TCP connections accepted or made."},
       {"tcp_refused", figure_kind::total, &c::tcp_refused, "TCP connections closed to make room, or one too many."},
       {"tcp_resyncs", figure_kind::total, &c::tcp_resyncs, "Times the framing of a TCP connection was lost."},
       {"tcp_skipped_bytes", figure_kind::total, &c::tcp_skipped_bytes,
        "Bytes passed over while that was looked for again."}});
}();

/// Written by the thread that reads the stream's sockets, readable from everywhere.
struct stream_counters : basic_stream_counters<counter> {
  void refuse(refusal cause) noexcept { refused[static_cast<std::size_t>(cause)].add(); }
};

/// What was read of them.
struct counter_values : basic_stream_counters<std::uint64_t> {
  counter_values() = default;
  explicit counter_values(const stream_counters& read) noexcept;

  std::uint64_t refused_total() const noexcept;
  /// Of several streams together; of the jitters and recent losses it is the largest.
  counter_values& operator+=(const counter_values& other) noexcept;
};

}  // namespace berth::net
