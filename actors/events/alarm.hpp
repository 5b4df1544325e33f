// Turns figures into "something is wrong" and "it is well again", without flapping.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "actors/contract/event.hpp"
#include "net/base/time.hpp"
#include "net/io/port_allocator.hpp"

namespace berth::actors {

/// Raised while the share of failures among the tries of a sliding window is high: raised at `raise` or above, cleared
/// at `clear` or below, and never on fewer than `min_tries`.
/// A value owned by the supervisor. Time is an argument.
class failure_alarm {
 public:
  struct limits {
    net::duration window{};
    std::size_t min_tries = 1;
    double raise = 1;
    double clear = 0;
  };

  void set_limits(const limits& l) { limits_ = l; }
  void record(bool failed, net::time_point now);
  /// The change, if the alarm was raised or cleared by what has happened up to now.
  std::optional<alarm_change> evaluate(net::time_point now);
  bool raised() const noexcept { return raised_.has_value(); }
  const std::optional<alarm_change>& state() const noexcept { return raised_; }

 private:
  // Tries are counted in slots of a tenth of the window: bounded memory, and good enough to slide.
  struct slot {
    net::time_point begin;
    std::size_t tries = 0;
    std::size_t failures = 0;
  };
  void forget_old(net::time_point now);

  limits limits_;
  std::deque<slot> slots_;
  std::optional<alarm_change> raised_;
};

/// Raised while few ports are left: at a free share of `raise` or below, cleared at `clear` or above.
class pool_alarm {
 public:
  struct limits {
    double raise = 0;
    double clear = 0;
  };

  void set_limits(const limits& l) { limits_ = l; }
  std::optional<alarm_change> evaluate(std::size_t available, std::size_t size);
  bool raised() const noexcept { return raised_.has_value(); }
  const std::optional<alarm_change>& state() const noexcept { return raised_; }

 private:
  limits limits_;
  std::optional<alarm_change> raised_;
};

/// Both alarms of a node. A value owned by the supervisor. Time is an argument.
class node_alarms {
 public:
  struct change {
    event_kind what;  ///< alarm_raised or alarm_cleared
    alarm_change alarm;
  };

  void set_limits(const failure_alarm::limits& failures, const pool_alarm::limits& pool) {
    failures_.set_limits(failures);
    pool_.set_limits(pool);
  }
  void allocation(bool failed, net::time_point now) { failures_.record(failed, now); }
  /// What was raised or cleared up to now. Ports at rest count as available: they are given early rather than none.
  std::vector<change> evaluate(const net::allocator_figures& ports, net::time_point now);
  std::vector<alarm_change> raised() const;

 private:
  failure_alarm failures_;
  pool_alarm pool_;
};

}  // namespace berth::actors
