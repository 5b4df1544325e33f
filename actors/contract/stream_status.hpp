// What is known of a stream at one moment: the one answer behind every query, list, event and refusal.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "actors/contract/media_status.hpp"
#include "actors/contract/publish_options.hpp"
#include "actors/contract/stream_key.hpp"
#include "net/base/endpoint.hpp"
#include "net/base/time.hpp"
#include "net/rtp/rtp_receiver.hpp"
#include "net/rtp/source_policy.hpp"
#include "net/rtp/stream_counters.hpp"

namespace berth::actors {

/// The life of a stream. Moved by life_cycle.hpp alone.
enum class stream_state : std::uint8_t {
  listening,  ///< ports bound, nothing valid received
  active,     ///< RTP flows
  stalled,    ///< RTP flowed, and has been silent for the stall time
  closing,    ///< its actor is ending; invisible to queries and lists
};
inline constexpr std::size_t stream_state_count = static_cast<std::size_t>(stream_state::closing) + 1;
std::string_view to_string(stream_state state) noexcept;

/// Why a stream ended.
enum class close_reason : std::uint8_t {
  none = 0,
  requested,           ///< a client closed it
  replaced,            ///< an open with other parameters, or on_conflict=replace, took its place
  never_fed,           ///< idle time-out: not one datagram came
  nothing_acceptable,  ///< idle time-out: datagrams came, none was acceptable
  went_silent,         ///< idle time-out: RTP flowed and stopped
  port_closed,         ///< the shared port it was fed through was closed
  shutdown,            ///< the daemon went down
  failed,              ///< its actor ended by an error
  publish_refused,     ///< on_publish's answer was no
  unwatched,           ///< nobody watched it
  source_ended,        ///< what the node fetched is over, or can not be had
};
inline constexpr std::size_t close_reason_count = static_cast<std::size_t>(close_reason::source_ended) + 1;
std::string_view to_string(close_reason reason) noexcept;
constexpr bool is_timeout(close_reason r) noexcept {
  return r == close_reason::never_fed || r == close_reason::nothing_acceptable || r == close_reason::went_silent;
}

/// Values as on the wire of the API.
enum class tcp_mode : std::uint8_t {
  none = 0,     ///< UDP only
  passive = 1,  ///< UDP, and TCP listening on the same number
  active = 2,   ///< UDP, and a TCP connection made by connectRtpServer
};
/// Where a stream comes from.
enum class stream_origin : std::uint8_t {
  rtp,   ///< somebody sends it to a port
  pull,  ///< the node fetches it from another server
  file,  ///< the node reads it
  push,  ///< a browser sends it
};
enum class track_filter : std::uint8_t { all = 0, audio = 1, video = 2 };

/// Figures only: who wants media asks for it, see watching.hpp.
struct stream_status {
  stream_key key;
  generation_t generation = 0;
  stream_state state = stream_state::listening;

  // as opened
  tcp_mode mode = tcp_mode::none;
  track_filter only_track = track_filter::all;
  bool re_use_port = false;       ///< echoed only: ports are never shared
  bool multiplex = false;         ///< a shared port that names streams by SSRC
  bool configured = false;        ///< the shared port of the configuration: not listed, not to be closed by clients
  std::uint16_t parent_port = 0;  ///< the shared port this stream is fed through, 0 if it has its own
  std::uint32_t ssrc_filter = 0;  ///< 0 = any
  net::duration idle_after{};
  net::wall_time opened_at;
  stream_origin origin = stream_origin::rtp;
  std::string params;      ///< what its sender says of himself: the query of his URL
  std::string source_url;  ///< of what the node fetches, without a password

  // as received
  net::endpoint local;            ///< bind address and RTP port
  net::endpoint peer;             ///< unset until something was accepted
  std::uint32_t ssrc = 0;         ///< of the accepted packets
  std::uint8_t payload_type = 0;  ///< of the last accepted packet
  bool over_tcp = false;
  int receive_buffer = 0;  ///< what the kernel gave, bytes
  net::duration age{};
  std::optional<net::duration> since_last_packet;    ///< accepted ones
  std::optional<net::duration> since_last_datagram;  ///< of any kind
  bool paused = false;                               ///< idle check suspended
  net::counter_values counters;
  net::refused_packet refused;  ///< the last one, about; `from` unset: none was
  net::source_policy sources = net::source_policy::learn;

  // as published
  std::string public_name;            ///< stream id that on_publish gave it; empty = its own
  publish_options publish;            ///< once it is granted
  std::optional<media_status> media;  ///< from the first packet on
  std::optional<net::wall_time> registered_at;
  std::optional<net::duration> watchable;  ///< for how long its tracks have been complete

  close_reason reason = close_reason::none;  ///< set in the last status of a stream
  std::string last_reason;                   ///< the last thing that went wrong, in words; may be empty

  /// The name that viewers use.
  stream_key public_key() const { return {key.vhost, key.app, public_name.empty() ? key.stream : public_name}; }
  std::uint16_t port() const noexcept { return local.port(); }
};
/// As it was at one moment: large, and shared by all who are told of it.
using stream_status_ptr = std::shared_ptr<const stream_status>;

/// The most frequent cause of refusal in words, e.g. "311 of 311 datagrams refused, most of them: wrong_ssrc (311)";
/// empty if nothing was refused.
std::string describe_refusals(const net::counter_values& counters);
/// The same for a stream, with who was refused last and whom it would have taken: "...; the last one from
/// 192.0.2.9:6000 with SSRC 9: wrong_source, the stream's source is 192.0.2.1:5000 (source_policy learn)".
std::string describe_refusals(const stream_status& s);

}  // namespace berth::actors
