// What a stream has seen, in numbers that add up:
//   datagrams = accepted + the sum of all refusals.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/base/counter.hpp"

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

/// The figures of one stream, as counters that are being counted or as plain numbers that were read.
template <class Number>
struct basic_stream_counters {
  Number datagrams{};       ///< RTP datagrams and TCP frames read
  Number accepted{};        ///< of these, handed on
  Number accepted_bytes{};  ///< bytes of the accepted ones, RTP header included
  std::array<Number, refusal_count> refused{};

  Number lost{};          ///< packets missing in the sequence so far (RFC 3550 A.3), less when late ones arrive
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

/// A figure by its JSON name. All of them but the refusals stand in one table, so that who copies, adds or prints them
/// forgets none.
template <class Number>
struct stream_figure {
  std::string_view name;
  Number basic_stream_counters<Number>::*value;
};
template <class Number>
inline constexpr auto stream_figures = [] {
  using c = basic_stream_counters<Number>;
  return std::to_array<stream_figure<Number>>({{"datagrams", &c::datagrams},
                                               {"packets", &c::accepted},
                                               {"bytes", &c::accepted_bytes},
                                               {"lost", &c::lost},
                                               {"reordered", &c::reordered},
                                               {"kernel_drops", &c::kernel_drops},
                                               {"jitter_us", &c::jitter_us},
                                               {"ssrc_changes", &c::ssrc_changes},
                                               {"source_changes", &c::source_changes},
                                               {"sender_reports", &c::sender_reports},
                                               {"receiver_reports", &c::receiver_reports},
                                               {"rtcp_malformed", &c::rtcp_malformed},
                                               {"tcp_connections", &c::tcp_connections},
                                               {"tcp_refused", &c::tcp_refused},
                                               {"tcp_resyncs", &c::tcp_resyncs},
                                               {"tcp_skipped_bytes", &c::tcp_skipped_bytes}});
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
  /// Of several streams together; of the jitters it is the largest.
  counter_values& operator+=(const counter_values& other) noexcept;
};

}  // namespace berth::net
