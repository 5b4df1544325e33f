// What the whole node has done, in numbers: who counts calls a verb, exporting is elsewhere.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "actors/contract/error.hpp"
#include "actors/contract/event.hpp"
#include "actors/contract/opening.hpp"
#include "net/io/port_allocator.hpp"

namespace berth::actors {

/// Upper bounds, seconds, of the time-to-open buckets; one more bucket counts what is above.
inline constexpr std::array<double, 12> open_time_bounds{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025,
                                                         0.005,   0.01,   0.025,   0.05,   0.1,   1};
/// Upper bounds, seconds, of the reclaim latency: from a stream's idle deadline to its port being free or at rest.
inline constexpr std::array<double, 8> reclaim_bounds{0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5};

template <std::size_t N>
struct histogram {
  std::array<std::uint64_t, N + 1> buckets{};  ///< not cumulative
  double sum = 0;
  std::uint64_t count = 0;

  void observe(const std::array<double, N>& bounds, net::duration value) noexcept {
    const auto seconds = std::chrono::duration<double>(value).count();
    std::size_t i = 0;
    while (i < N && seconds > bounds[i]) ++i;
    ++buckets[i];
    sum += seconds;
    ++count;
  }
};

/// Owned by the supervisor, which counts; a copy, completed by what holds at the moment, is the answer to
/// stats_request.
struct node_stats {
  // counted
  std::array<std::uint64_t, open_kind_count> opens{};
  std::array<std::uint64_t, errc_count> opens_refused{};
  std::array<std::uint64_t, close_reason_count> closes{};
  histogram<open_time_bounds.size()> open_time;
  histogram<reclaim_bounds.size()> reclaim_time;
  net::counter_values totals;       ///< of the streams that ended; in an answer, of all streams
  net::media_values media;          ///< likewise
  std::uint64_t late_messages = 0;  ///< dropped since their generation is gone

  // as it is now
  std::array<std::uint64_t, stream_state_count> streams{};  ///< present, by state
  std::size_t senders = 0;                                  ///< present
  std::uint64_t sent_packets = 0;                           ///< by all senders there were
  std::uint64_t sent_bytes = 0;
  net::allocator_figures ports;
  std::vector<alarm_change> alarms;  ///< those raised

  void opened(open_kind kind) noexcept { ++opens[static_cast<std::size_t>(kind)]; }
  void refused(errc why) noexcept { ++opens_refused[static_cast<std::size_t>(why)]; }
  void closed(const stream_status& last) noexcept {
    ++closes[static_cast<std::size_t>(last.reason)];
    totals += last.counters;
    if (last.media) media += last.media->counters;
  }
  void late_message() noexcept { ++late_messages; }
  void present(stream_state state, const net::counter_values& counters) noexcept {
    ++streams[static_cast<std::size_t>(state)];
    totals += counters;
  }
  void present(const net::media_values& counters) noexcept { media += counters; }
};

}  // namespace berth::actors
