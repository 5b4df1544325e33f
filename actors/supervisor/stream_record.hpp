// What the supervisor knows of one life of a stream.
#pragma once

#include <caf/all.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "actors/contract/messages.hpp"
#include "actors/contract/mooring.hpp"
#include "actors/contract/publish_options.hpp"
#include "actors/stream/hosting.hpp"
#include "actors/supervisor/life_cycle.hpp"

namespace berth::actors {

using open_promise = caf::typed_response_promise<outcome<opened>>;
/// An open that waits for the end of the stream that is there.
struct parked_open {
  open_request request;
  open_promise promise;
  std::optional<net::allocation>
      ports;  ///< had before that end began; none = the one who ends has them, or none are needed
};
using close_promise = caf::typed_response_promise<outcome<closed>>;

/// How far the question is whether a stream may be.
enum class publish_state : std::uint8_t { unasked, asked, granted, refused };

/// One life of a stream, from its open to its down message.
struct stream_record {
  // as opened
  generation_t generation = 0;
  open_request request;
  net::endpoint local_request;  ///< bind address as resolved; port as asked for
  net::endpoint local;          ///< bind address and RTP port, its own or the shared one
  net::duration idle_after{};
  net::source_policy sources = net::source_policy::learn;
  net::wall_time opened_at;
  net::time_point opened;
  // its actor
  caf::actor actor;
  berth_host host;
  std::shared_ptr<mooring> shared;
  // its life
  stream_state state = stream_state::listening;
  close_reason reason = close_reason::none;
  std::optional<net::time_point> deadline;  ///< the idle deadline that closed it
  net::time_point armed_at;
  std::optional<net::time_point> paused_until;
  std::optional<net::time_point> queued_look;  ///< earliest reminder in the deadline queue
  std::uint32_t ssrc_filter = 0;
  // its media
  publish_state publishing = publish_state::unasked;
  std::string publish_refusal;                ///< why it was refused
  publish_options publish;                    ///< once it is granted
  net::live_media_ptr media;                  ///< from the first packet on
  std::optional<net::time_point> registered;  ///< since when it can be watched
  net::time_point asked_unwatched{};
  bool asking_unwatched = false;
  std::optional<stream_state> displaced;  ///< an open takes its place, and this is what it comes back as if that fails
  // those who wait for its end; bounded by the connections that ask
  std::vector<close_promise> closers;  ///< the first one closed it, the others came too late
  bool closed_by_request = false;
  std::deque<parked_open> parked;
  // shared ports
  std::shared_ptr<net::ssrc_demultiplexer> feed;  ///< of a stream that a shared port feeds
  std::optional<stream_key> parent;
  std::vector<stream_key> children;

  /// The name that the world knows it by.
  stream_key public_key(const stream_key& key) const;
  /// True if it has sockets of its own, and `wanted` can not be bound beside them.
  bool holds_port_of(const open_request& wanted) const;
  liveness facts() const;
  life_limits limits(const node_settings& settings) const;
  stream_status status(const stream_key& key, net::time_point now) const;
  /// True if an open with `other` asks for what is there already.
  bool same_parameters(const stream_record& other) const;
};

/// The sockets that an open asks for.
net::port_request ports_for(const open_request& request, const net::endpoint& local);

/// When a record is made.
struct moment {
  net::time_point now;
  net::wall_time wall;
};

/// The record that an open asks for, without ports and actor yet. Refused with bad_address, no_port.
net::result<stream_record, rejection> record_of(const open_request& request, const node_settings& settings,
                                                const moment& at);
/// The record of a stream that `port`, the shared port of key `parent`, is to feed.
stream_record record_of(const stream_key& key, const ssrc_arrived& announcement, const stream_record& port,
                        const node_settings& settings, const moment& at);

}  // namespace berth::actors
