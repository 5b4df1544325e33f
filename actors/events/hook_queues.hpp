// Which hook goes to whom and when: order, retries, bounds and dead receivers, without actors and without a clock.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/events/hook_stats.hpp"

namespace berth::actors {

/// Deliveries that have to keep their order stand in one lane: those of a stream, of an alarm, of the server itself.
struct hook_lane_key {
  enum class kind : std::uint8_t { server, alarm, stream, question };
  kind of = kind::server;
  stream_key key;          ///< an alarm's name stands in `stream`
  std::uint64_t number{};  ///< of a question that nothing has to wait for

  auto operator<=>(const hook_lane_key&) const = default;
};

/// A hook that an event calls for.
struct hook_call {
  hook_name name = hook_name::alarm;
  std::optional<net::schema> schema{};

  bool operator==(const hook_call&) const = default;
};
/// In the order in which they are to be told.
std::vector<hook_call> hooks_for(const event& e, const hook_settings& settings);

/// A question that has its answer, or will get none.
struct hook_question_end {
  std::uint64_t id = 0;
  hook_outcome outcome;
};

/// Deliveries on their way to their receivers.
/// - A lane has one delivery under way; the next one follows when it was heard, refused, or its last try has failed.
/// - A receiver has at most max_connections tries under way, those of keepalives not counted. After several failures
///   in a row it is taken for dead: it gets one try at a time, one each retry_delay, until one of them is answered.
///   Its deliveries wait, bounded; other receivers are not touched. When it answers, those that back off go at once.
/// - Keepalives stand in no lane and heed no dead receiver: they go on time. One that finds two others still
///   unanswered is dropped, and none is tried again, since the next one says the same.
/// - At a bound the oldest delivery that waits for its first try gives way to the newest.
/// A value owned by the hook dispatcher, touched by nobody else. Time is an argument.
class hook_queues {
 public:
  using delivery_ptr = std::shared_ptr<const hook_delivery>;

  /// `random` gives numbers in [0, 1).
  hook_queues(hook_settings_ptr settings, std::function<double()> random, net::time_point now);

  /// A new URL holds for all tries that have not begun. What waits for a hook that is off now is dropped.
  void apply(hook_settings_ptr settings, net::time_point now);
  void take(const event_ptr& e);
  /// A hook whose answer matters; its end comes by take_ended() under the number returned. None: the hook is off.
  /// on_publish stands in its stream's lane, since what follows it may only be told after it; the others wait for
  /// nobody, and nobody for them.
  std::optional<std::uint64_t> ask(const hook_question_ptr& question);
  std::vector<hook_question_end> take_ended() { return std::exchange(ended_, {}); }
  /// The tries that may begin now.
  std::vector<delivery_ptr> start(net::time_point now);
  /// All has to end by then: the last word is said while there is time for its answer.
  void end_by(net::time_point deadline, net::time_point now);
  /// The end of a try. Answers of tries that are not under way are not heard.
  void finish(std::uint64_t id, unsigned attempt, const hook_outcome& outcome, net::time_point now);

  /// When start() may give something that nothing but time brings; none = never.
  std::optional<net::time_point> next_deadline() const;
  /// Deliveries that have not ended, keepalives not counted.
  std::size_t pending() const noexcept { return total_; }
  hook_stats stats() const;

  static constexpr unsigned failures_of_a_dead_receiver = 3;
  static constexpr std::size_t max_keepalives = 2;
  static constexpr net::duration longest_back_off = std::chrono::seconds{60};
  static constexpr net::duration longest_wait_for_others = std::chrono::seconds{2};

 private:
  struct entry {
    std::uint64_t id = 0;
    hook_name name = hook_name::alarm;
    event_ptr event;
    std::optional<net::schema> schema;
    hook_question_ptr question{};
    unsigned attempts = 0;  // begun so far
  };
  // A lane that is not under way stands either in its receiver's `ready` or in `backing_off_`.
  struct lane {
    hook_lane_key key;
    std::deque<entry> queue;
    bool under_way = false;  // the head is
    bool backing_off = false;

    std::size_t untried() const noexcept {
      return queue.size() - (!queue.empty() && queue.front().attempts > 0 ? 1 : 0);
    }
  };
  struct receiver {
    std::map<std::uint64_t, lane*> ready;  // by the id of the head: whoever has waited longest is next
    std::size_t under_way = 0;
    std::size_t pending = 0;
    unsigned failures = 0;  // in a row
    net::time_point next_probe{};

    bool dead() const noexcept { return failures >= failures_of_a_dead_receiver; }
  };
  struct flight {
    lane* of = nullptr;  // null: a keepalive
    hook_name name = hook_name::server_keepalive;
    unsigned attempt = 0;
    std::string receiver;
  };

  const std::string& receiver_name(hook_name name) const noexcept {
    return receiver_names_[static_cast<std::size_t>(name)];
  }
  receiver& receiver_for(hook_name name) { return receivers_[receiver_name(name)]; }
  hook_counters& count(hook_name name) noexcept { return stats_[name]; }

  // settings
  void rearm_keepalive(const hook_settings& before, net::time_point now);
  void name_receivers();
  void drop_what_is_off();
  void line_up_again();
  // lanes
  bool enqueue(const hook_lane_key& key, entry e);
  void drop(const entry& e);
  bool make_room(lane& newcomer);
  void drop_oldest_untried(lane& l);
  void make_ready(lane& l);
  void end_head(lane& l);
  // tries
  bool waits_for_others(net::time_point now);
  bool may_start(const receiver& r, net::time_point now) const;
  void start_keepalive(net::time_point now, std::vector<delivery_ptr>& out);
  delivery_ptr make_delivery(const entry& e) const;
  void account(hook_name name, const hook_outcome& outcome);
  void judge(const flight& f, bool failed, net::time_point now);
  void end_back_off(const std::string& of);
  net::duration back_off(unsigned attempt);

  hook_settings_ptr settings_;
  std::function<double()> random_;
  std::array<std::string, hook_name_count> receiver_names_;

  std::map<hook_lane_key, lane> lanes_;
  std::map<std::string, receiver> receivers_;
  std::multimap<net::time_point, lane*> backing_off_;
  std::map<std::uint64_t, flight> flights_;
  std::optional<net::time_point> keepalive_due_;
  std::size_t keepalives_ = 0;
  bool exited_ = false;                           // nothing follows the last word
  std::optional<net::time_point> last_word_due_;  // from when on it waits for nobody
  bool last_word_held_ = false;                   // by the last start()
  bool last_word_said_ = false;
  std::size_t total_ = 0;
  std::uint64_t next_id_ = 0;
  std::vector<hook_question_end> ended_;
  hook_stats stats_;
};

}  // namespace berth::actors
