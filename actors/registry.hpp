// The one truth about which streams exist: every answer of the supervisor is read from here.
#pragma once

#include <caf/all.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "actors/hosting.hpp"
#include "actors/life_cycle.hpp"
#include "actors/messages.hpp"
#include "actors/mooring.hpp"

namespace berth::actors {

using open_promise = caf::typed_response_promise<outcome<opened>>;
using close_promise = caf::typed_response_promise<outcome<closed>>;

/// One life of a stream, from its open to its down message.
struct record {
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
  // those who wait for its end
  std::vector<close_promise> closers;  ///< the first one closed it, the others came too late
  bool closed_by_request = false;
  std::deque<std::pair<open_request, open_promise>> parked;
  // shared ports
  std::shared_ptr<net::ssrc_demultiplexer> feed;  ///< of a stream that a shared port feeds
  std::optional<stream_key> parent;
  std::vector<stream_key> children;

  liveness facts() const;
  stream_status status(const stream_key& key, net::time_point now) const;
  /// True if an open with `other` asks for what is there already.
  bool same_parameters(const record& other) const;
};

/// Records by key, and the way back from an actor to its record. Plain data: no messages, no clock.
/// Owned by the supervisor and touched only there.
class registry {
 public:
  record* find(const stream_key& key);
  /// The record, if it is this life of the stream.
  record* find(const stream_key& key, generation_t generation);
  /// nullptr if no present life belongs to this actor.
  const stream_key* key_of(const caf::actor_addr& actor) const;

  record& insert(const stream_key& key, record r);
  record extract(const stream_key& key);

  generation_t next_generation() noexcept { return ++last_generation_; }
  bool empty() const noexcept { return records_.empty(); }
  std::size_t size() const noexcept { return records_.size(); }

  /// Visits in the order of the keys, from the first one behind `after`.
  template <class Visit>
  void for_each(const std::optional<stream_key>& after, Visit&& visit) {
    for (auto it = after ? records_.upper_bound(*after) : records_.begin(); it != records_.end(); ++it)
      if (!visit(it->first, it->second)) return;
  }

 private:
  std::map<stream_key, record> records_;
  std::unordered_map<caf::actor_id, stream_key> by_actor_;
  generation_t last_generation_ = 0;
};

}  // namespace berth::actors
