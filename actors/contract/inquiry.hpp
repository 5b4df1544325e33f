// Questions about what there is: streams, ports, figures.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actors/contract/message.hpp"
#include "actors/contract/node_stats.hpp"
#include "actors/contract/stream_status.hpp"
#include "net/io/port_allocator.hpp"

namespace berth::actors {

/// Answered at once from the registry. Refused with not_found.
struct query_request {
  using answer = outcome<stream_status_ptr>;
  static constexpr auto to = receiver::supervisor;

  stream_key key;
};

/// Answered at once, ordered by key, a part of what there is if that is much: whoever wants all asks again with `next` as
/// `after`. What is there throughout is listed once. Configured and closing entries are left out.
struct stream_list {
  std::vector<stream_status> streams;
  std::optional<stream_key> next;  ///< more may stand behind this key; unset: that is all
};
struct list_request {
  using answer = outcome<stream_list>;
  static constexpr auto to = receiver::supervisor;

  std::string vhost, app;  ///< empty = all
  std::string prefix;      ///< of the stream id; empty = all
  std::optional<stream_state> state;
  bool watchable = false;           ///< only those whose tracks are complete
  std::optional<stream_key> after;  ///< page: only keys behind this one
  std::size_t limit = SIZE_MAX;
};

/// Answered at once; resting ports in the order of their numbers, a part of them if there are many: whoever wants all asks
/// again with `next` as `after`.
struct ports_report {
  net::allocator_figures figures;
  std::vector<net::resting_port> resting;
  net::time_point now;                ///< the resting ports' times are on this time line
  std::optional<std::uint16_t> next;  ///< more may rest above this port; unset: those are all
};
struct ports_request {
  using answer = outcome<ports_report>;
  static constexpr auto to = receiver::supervisor;

  std::optional<std::uint16_t> after;  ///< only resting ports above this one
};

/// For /metrics and statistics; answered when all streams have been asked for their figures.
struct stats_request {
  using answer = outcome<node_stats>;
  static constexpr auto to = receiver::supervisor;
};

}  // namespace berth::actors
