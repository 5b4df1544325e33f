// A stream on its way to another server: what is asked for, what is known of it, and how it ends.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/contract/message.hpp"
#include "actors/contract/mooring.hpp"
#include "actors/contract/stream_key.hpp"
#include "net/base/endpoint.hpp"
#include "net/egress/rtp_pump.hpp"

namespace berth::actors {

/// How a sender and its receiver find each other.
enum class send_way : std::uint8_t {
  udp,          ///< to an address
  tcp,          ///< a connection to an address
  udp_passive,  ///< to whoever sends a first datagram
  tcp_passive,  ///< to whoever connects
  talk,         ///< back to where another stream comes from, over its socket
};
inline constexpr std::size_t send_way_count = static_cast<std::size_t>(send_way::talk) + 1;
std::string_view to_string(send_way way) noexcept;
/// The reverse of to_string(); nothing for any other text.
std::optional<send_way> parse_send_way(std::string_view text) noexcept;

/// Answered for TCP when the connection is up, for passive ways when the port listens. Refused with not_found, not_sendable, no_port, connect_failed, too_many_streams, stream_live.
struct sending_started {
  std::uint16_t local_port = 0;
};
struct send_request {
  using answer = outcome<sending_started>;
  static constexpr auto to = receiver::supervisor;
  // The sender keeps the connection's deadline itself.
  net::duration patience() const { return way == send_way::tcp ? receiver_wait : net::duration{}; }

  stream_key key;         ///< of the stream to be sent, the public one or the one that was opened
  std::string ssrc_text;  ///< as the client wrote it: the name of the sender
  std::uint32_t ssrc = 0;
  send_way way = send_way::udp;
  net::endpoint remote;          ///< of udp and tcp
  std::uint16_t local_port = 0;  ///< 0 = any
  std::uint8_t payload_type = 96;
  net::rtp_packing packing = net::rtp_packing::ps;
  bool audio_only = false;
  bool beside_others = false;     ///< of the same SSRC; otherwise it takes their place
  bool expect_reports = false;    ///< sends RTCP reports, and ends without those of the receiver
  net::duration receiver_wait{};  ///< how long a receiver may take to come or to be reached
  std::string
      answering_stream;  ///< talk: whose sender is sent to. Else: what the receiver sends back becomes this stream
};

/// Answered when the senders are down. Refused with not_found, no_sender.
struct stop_sending_request {
  using answer = outcome<completed>;
  static constexpr auto to = receiver::supervisor;

  stream_key key;
  std::string ssrc_text;  ///< empty = all of the stream
};

/// Why a sender ended.
enum class send_end : std::uint8_t {
  none,          ///< it has not
  stopped,       ///< somebody asked for it, or another one took its place
  source_ended,  ///< the stream is over
  timed_out,     ///< nobody came, took anything or reported
  refused,       ///< the receiver is not there
  reset,         ///< the receiver closed the connection
  failed,        ///< anything else; the text says what
};
inline constexpr std::size_t send_end_count = static_cast<std::size_t>(send_end::failed) + 1;
std::string_view to_string(send_end end) noexcept;

/// What is known of a sender at one moment.
struct sender_status {
  stream_key source;  ///< by its public name
  send_request request;
  net::endpoint remote;  ///< unset until a receiver has come
  std::uint16_t local_port = 0;
  net::duration age{};
  std::uint64_t packets = 0, bytes = 0, skipped = 0, unsent = 0;
  std::uint64_t byte_rate = 0;  ///< bytes a second, now
  send_end end = send_end::none;
  std::string end_text;
};

/// Answered at once. Refused with not_found.
struct sender_list {
  std::vector<sender_status> senders;
};
struct senders_request {
  using answer = outcome<sender_list>;
  static constexpr auto to = receiver::supervisor;

  stream_key key;
};

/// What a sender and the supervisor hold in common. `ports` has one owner at a time: the supervisor before the spawn and
/// after the down message, the sender in between. `end` is written by the sender before it is down, and read after.
struct sending_state {
  net::bound_ports ports;        ///< of UDP ways; of tcp_passive the listener alone
  net::bound_ports held;         ///< of tcp_passive: what keeps the pool's port; the supervisor's alone
  net::media_senders strangers;  ///< who sent to the ports before: none of them is the receiver. Set before the spawn
  net::send_counters counters;
  net::published<net::endpoint> remote;
  std::atomic<std::uint16_t> local_port{0};
  bool begun = false;  ///< as `end`: it was more than a try
  send_end end = send_end::none;
  std::string end_text;
};
using sending_state_ptr = std::shared_ptr<sending_state>;

/// What a sender is made of, by the supervisor.
struct sending {
  send_request request;
  sending_state_ptr shared;
  std::shared_ptr<net::rtp_pump> pump;
};

/// An error of the system as the end of a sender.
send_end send_end_of(int system_errno) noexcept;

}  // namespace berth::actors
