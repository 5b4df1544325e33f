// Proves, or refutes, that answers given to clients at the same time could have been given one after the other.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace berth::tests {

/// Nanoseconds on one clock that all clients of a history share.
using instant = std::int64_t;
inline constexpr instant never = std::numeric_limits<instant>::max();

/// One call of one client. Without an answer it is pending: it may have taken effect at any time after its invocation,
/// or not at all.
template <class Request, class Answer>
struct operation {
  int client = 0;
  instant invoked = 0;
  instant returned = never;
  Request request;
  std::optional<Answer> answer;
};

/// Which operations of a history have been placed, and which may be placed next: those that no unplaced operation
/// precedes. Part of one check; not shared.
class placement {
 public:
  placement(std::vector<instant> invoked, std::vector<instant> returned);

  void place(std::size_t i);
  void take_back(std::size_t i);

  bool complete() const noexcept { return placed_answered_ == answered_; }
  std::size_t placed() const noexcept { return placed_answered_; }
  /// The earliest return among unplaced operations: whatever comes next comes before it.
  instant horizon();
  /// The unplaced operation that returned first: nothing can be placed behind it before it is.
  std::size_t most_urgent();
  /// Unplaced operations that were invoked before the horizon, by invocation; answered ones, then pending ones.
  std::vector<std::size_t> candidates();
  /// The placed set, as bytes to compare.
  std::string fingerprint() const;

 private:
  bool is_placed(std::size_t i) const noexcept { return (bits_[i / 64] >> (i % 64) & 1) != 0; }
  void settle();

  std::vector<instant> invoked_, returned_;
  std::vector<std::size_t> by_invocation_, by_return_, pending_;  // the first two: answered ones only
  std::size_t first_invoked_ = 0, first_returned_ = 0;            // first unplaced ones
  std::size_t answered_ = 0, placed_answered_ = 0;
  std::vector<std::uint64_t> bits_;
  std::vector<std::size_t> invocation_rank_, return_rank_;
};

struct linearizability {
  enum class verdict { linearizable, not_linearizable, gave_up };

  verdict outcome = verdict::gave_up;
  std::size_t visited = 0;           ///< configurations looked at
  std::optional<std::size_t> stuck;  ///< index of the operation that could not be placed
  std::string why;                   ///< the same in words, with what was possible at that point

  explicit operator bool() const noexcept { return outcome == verdict::linearizable; }
};

/// Searches for an order (Wing and Gong 1993, with Lowe's memory of configurations): depth first, each pair of placed
/// set and state once, at most `most_configurations` of them.
///
/// A Model is, with its own types request, answer and state:
///   state start() const;
///   std::optional<state> apply(const state&, const operation&) const;    answered: the next state, if the answer is right
///   std::vector<state> outcomes(const state&, const operation&) const;   pending: what it may have done
///   std::vector<state> internal(const state&, instant horizon, const std::vector<const operation*>& in_flight) const;
///       what may happen by itself before `horizon`, `in_flight` being invoked and not yet placed
///   std::string fingerprint(const state&) const;                         equal if and only if the states are
///   std::string describe(const operation&) const, describe(const state&) const;
template <class Model>
linearizability check_linearizable(
    const Model& model, const std::vector<operation<typename Model::request, typename Model::answer>>& history,
    std::size_t most_configurations = 2'000'000) {
  using state = typename Model::state;
  using op = operation<typename Model::request, typename Model::answer>;
  constexpr auto internal_step = static_cast<std::size_t>(-1);
  struct frame {
    std::vector<std::pair<std::size_t, state>> moves;  // which operation, and the state after it
    std::size_t next = 0;
    std::size_t came_by = internal_step;
  };

  std::vector<instant> invoked, returned;
  for (const auto& o : history) {
    invoked.push_back(o.invoked);
    returned.push_back(o.answer ? o.returned : never);
  }
  placement placed{std::move(invoked), std::move(returned)};
  std::unordered_set<std::string> seen;
  std::vector<frame> path;
  linearizability result;
  std::size_t deepest = 0;

  const auto enter = [&](const state& s, std::size_t came_by) {
    frame f;
    f.came_by = came_by;
    std::vector<const op*> in_flight;
    const auto candidates = placed.candidates();
    for (const auto i : candidates) in_flight.push_back(&history[i]);
    for (const auto i : candidates) {
      if (history[i].answer) {
        if (auto after = model.apply(s, history[i])) f.moves.emplace_back(i, std::move(*after));
      } else {
        for (auto& after : model.outcomes(s, history[i])) f.moves.emplace_back(i, std::move(after));
      }
    }
    for (auto& after : model.internal(s, placed.horizon(), in_flight))
      f.moves.emplace_back(internal_step, std::move(after));
    if (!placed.complete() && (!result.stuck || placed.placed() > deepest)) {
      deepest = placed.placed();
      result.stuck = placed.most_urgent();
      result.why = "could not be placed: " + model.describe(history[*result.stuck]) + "\n  state: " + model.describe(s);
      for (const auto* o : in_flight) result.why += "\n  in flight: " + model.describe(*o);
    }
    path.push_back(std::move(f));
  };

  enter(model.start(), internal_step);
  while (!path.empty()) {
    if (placed.complete()) {
      result.outcome = linearizability::verdict::linearizable;
      result.stuck.reset();
      result.why.clear();
      return result;
    }
    auto& top = path.back();
    if (top.next == top.moves.size()) {
      if (top.came_by != internal_step) placed.take_back(top.came_by);
      path.pop_back();
      continue;
    }
    const auto [i, after] = std::move(top.moves[top.next++]);
    if (i != internal_step) placed.place(i);
    if (!seen.insert(placed.fingerprint() + model.fingerprint(after)).second) {
      if (i != internal_step) placed.take_back(i);
      continue;
    }
    if (++result.visited > most_configurations) {
      result.why =
          "gave up after " + std::to_string(most_configurations) + " configurations; the furthest one " + result.why;
      return result;
    }
    enter(after, i);
  }
  result.outcome = linearizability::verdict::not_linearizable;
  return result;
}

}  // namespace berth::tests
