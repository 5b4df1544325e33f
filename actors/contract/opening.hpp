// Opening and closing: what a controller asks for, and what it gets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "actors/contract/message.hpp"
#include "actors/contract/publish_options.hpp"
#include "actors/contract/stream_key.hpp"
#include "actors/contract/stream_status.hpp"
#include "net/rtp/source_policy.hpp"
#include "net/source/media_source.hpp"

namespace berth::actors {

/// What an open of a live key does.
enum class conflict_policy : std::uint8_t { error, reuse, replace };

/// How an open found its stream.
enum class open_kind : std::uint8_t {
  created,   ///< nobody was there
  same,      ///< idle, with the same parameters
  reused,    ///< live, and the client asked for it as it is
  replaced,  ///< what was there has ended for it
};
inline constexpr std::size_t open_kind_count = static_cast<std::size_t>(open_kind::replaced) + 1;
/// The kind as a metric label, e.g. "created".
std::string_view to_string(open_kind kind) noexcept;

/// A port that is to be bound.
struct port_wish {
  std::uint16_t port = 0;  ///< 0 = a pair from the pool
  std::string local_ip;    ///< numeric bind address; empty = the node's
  tcp_mode mode = tcp_mode::none;
  track_filter only_track = track_filter::all;
  std::optional<net::source_policy> sources;  ///< none = the node's
};
/// A stream with a port of its own.
struct rtp_port : port_wish {
  std::uint32_t ssrc = 0;    ///< 0 = any
  bool re_use_port = false;  ///< echoed only
  bool rtcp = true;          ///< binds the next port for RTCP
};
/// One port for many: every SSRC becomes a stream of its own.
struct multiplex_port : port_wish {
  bool configured = false;  ///< the shared port of the configuration
};
/// A stream that the node fetches, or that somebody sends it who has come by other ways. It has no port.
struct sourced {
  net::source_options_ptr source;
  net::source_factory open_source{};         ///< empty = the node's
  std::optional<publish_options> publish{};  ///< nobody is asked; none = on_publish is
  net::endpoint publisher{};                 ///< who sends it, if that is known
  std::string params{};                      ///< what he says of himself: the query of his URL
};

/// Answered when the ports are bound; of what is fetched, when its source is there or could not be opened. Refused with
/// stream_live, no_port, bad_address, shared_port, too_many_streams, shutting_down; of what is fetched also with
/// connect_failed, publish_refused, stream_ended.
struct opened {
  stream_status_ptr stream;
  open_kind kind = open_kind::created;
};
struct open_request {
  using answer = outcome<opened>;
  static constexpr auto to = receiver::supervisor;
  net::duration patience() const;

  stream_key key;
  std::variant<rtp_port, multiplex_port, sourced> what;
  std::optional<net::duration> idle_after;         ///< none = the node's; zero = never
  std::optional<net::duration> first_packet_wait;  ///< none = idle_after
  std::optional<conflict_policy> on_conflict;      ///< none = the node's
  net::time_point asked;                           ///< when the client's request arrived: for the time to open

  /// The ports it needs; null = none.
  const port_wish* ports() const noexcept;
  port_wish* ports() noexcept { return const_cast<port_wish*>(std::as_const(*this).ports()); }
  bool with_rtcp() const noexcept;
  bool is_configured() const noexcept;
  bool is_pushed() const noexcept;
  const sourced* source() const noexcept { return std::get_if<sourced>(&what); }
};

/// Answered when the stream's descriptors are closed or at rest. Refused with not_found (also when a concurrent close
/// was first), generation_differs.
struct closed {
  stream_status_ptr last;
};
struct close_request {
  using answer = outcome<closed>;
  static constexpr auto to = receiver::supervisor;

  stream_key key;
  std::optional<generation_t> generation{};  ///< close only this life of the stream
  bool configured = false;                   ///< the daemon closes the shared port of the configuration
};

/// Sent by the daemon once, at its end; answered when every stream is down.
struct shutdown_request {
  using answer = outcome<completed>;
};

}  // namespace berth::actors
