// What the supervisor knows of one life of a stream.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "actors/contract/mooring.hpp"
#include "actors/contract/promise.hpp"
#include "actors/contract/supervisor.hpp"
#include "actors/stream/hosting.hpp"
#include "actors/supervisor/life_cycle.hpp"
#include "actors/supervisor/publication.hpp"

namespace berth::actors {

using open_answer = std::function<void(outcome<opened>)>;
/// An open that waits for the end of the stream that is there.
struct parked_open {
  open_request request;
  open_answer answer;
  std::optional<net::allocation>
      ports;  ///< had before that end began; none = the one who ends has them, or none are needed
};
using close_promise = promise<outcome<closed>>;

/// One life of a stream, from its open to its down message, in four parts.
struct stream_record {
  /// As it was opened. Of a stream that a shared port feeds, the request is what its port was opened with.
  struct opening {
    open_request request;
    net::endpoint wanted;  ///< bind address as resolved; port as asked for
    net::endpoint local;   ///< bind address and RTP port, its own or the shared one
    net::wall_time at;
    net::time_point since;
    std::optional<stream_key> parent;  ///< the shared port that feeds it
  };
  /// Its actor, and what that and the supervisor hold in common.
  struct quarters {
    std::variant<stream_actor, shared_port_actor, sourced_stream_actor> actor;
    berth_host host;
    std::shared_ptr<mooring> shared = std::make_shared<mooring>();
    std::shared_ptr<net::ssrc_demultiplexer> feed;  ///< of a stream that a shared port feeds
    std::vector<stream_key> children;               ///< of a shared port

    caf::actor_id id() const;
    void close(close_command command) const;
    void grant(publish_options options) const;
  };
  struct life {
    stream_state state = stream_state::listening;
    close_reason reason = close_reason::none;
    std::optional<net::time_point> deadline;  ///< the idle deadline that closed it
    net::time_point armed_at;
    std::optional<net::time_point> paused_until;
    std::optional<net::time_point> queued_look;  ///< the reminder in the deadline queue
    bool displaced = false;                      ///< an open takes its place, and it comes back if that has it in vain

    bool closing() const noexcept { return state == stream_state::closing; }
  };
  /// Those who wait for its end; bounded by the connections that ask.
  struct waiting {
    std::vector<close_promise> closers;  ///< the first one closed it, the others came too late
    bool closed_by_request = false;
    std::list<parked_open> opens;  // empty for nearly all: a list costs nothing then, and moves with the record
  };

  generation_t generation = 0;
  opening opened;
  quarters berth;
  life lives;
  publication published;
  waiting awaited;

  const open_request& request() const noexcept { return opened.request; }
  /// The filter of its SSRC; 0 = any, or it has none.
  std::uint32_t ssrc_filter() const noexcept;
  void set_ssrc_filter(std::uint32_t ssrc);
  bool is_shared_port() const noexcept { return std::holds_alternative<multiplex_port>(request().what); }
  /// The name that the world knows it by.
  stream_key public_key(const stream_key& key) const;
  /// True if it has sockets of its own, and `wanted` can not be bound beside them.
  bool holds_port_of(const open_request& wanted) const;
  /// True if an open with `other` asks for what is there already.
  bool same_parameters(const stream_record& other, const node_settings& settings) const;

  liveness facts() const;
  life_limits limits(const node_settings& settings) const;
  stream_status status(const stream_key& key, net::time_point now, const node_settings& settings) const;
};

/// The sockets that an open asks for; it asks for some.
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
                        const moment& at);

}  // namespace berth::actors
