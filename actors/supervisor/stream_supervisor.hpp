// Hands berths out, one request at a time: because one actor opens, closes and answers, no two answers can disagree.
#pragma once

#include <functional>

#include "actors/contract/event_stream.hpp"
#include "actors/supervisor/deadline_queue.hpp"
#include "actors/supervisor/openings.hpp"
#include "actors/supervisor/stream_commands.hpp"
#include "actors/supervisor/tally.hpp"

namespace berth::actors {

/// What the supervisor is given. The referents outlive it.
struct supervisor_options {
  net::socket_factory* sockets = nullptr;
  node_settings_ptr settings;
  std::function<berth_host()> place;  ///< where the next stream lives
  event_log_actor events;
  hook_dispatcher_actor hooks;                                ///< who is asked; null: nobody, and everything is allowed
  net::source_factory sources;                                ///< what the node fetches comes from here
  std::uint32_t first_port = 0;                               ///< rotates the order of the pool
  std::function<std::uint32_t()> random = [] { return 0U; };  ///< for the first numbers of RTP senders
  std::function<net::wall_time()> wall_now = [] { return net::wall_clock::now(); };
  std::function<void()> alive = [] {};  ///< called ten times a second, for whoever wants to know that it answers
  /// Called when a handler has thrown, before anything that depends on it is touched: the node can not go on.
  std::function<void(const std::string&)> failed = [](const std::string&) {};
};

/// State of the supervisor actor: registry, ports, quarantine, alarms, and the parts that know what to do with them.
/// What waits for a down message is parked in the record; its handlers never block and never wait for a stream.
/// Spawned by the daemon, ends on shutdown_request after the last stream is down. Runs on the control unit; only its own
/// handlers touch its members.
class stream_supervisor : private stream_keeper {
 public:
  using handle = supervisor_actor;
  using self_pointer = handle::stateful_pointer<stream_supervisor>;
  static inline const char* name = "stream_supervisor";

  explicit stream_supervisor(self_pointer self) : self_(self) {}
  handle::behavior_type start(supervisor_options options);

 private:
  // requests
  caf::result<outcome<opened>> answer_open(const open_request& request);
  caf::result<outcome<closed>> answer_close(const close_request& request);
  outcome<stream_status_ptr> query(const query_request& request);
  outcome<stream_list> list(const list_request& request);
  outcome<completed> idle_check(const idle_check_request& request);
  outcome<ports_report> report_ports(const ports_request& request);
  caf::result<outcome<node_stats>> stats();
  caf::result<outcome<completed>> shut_down();
  // notices
  void apply(node_settings_ptr settings);
  void packets_arrived(const stream_notice& notice);
  void look_at_clock();
  void go_on();
  void proceed_if(bool more);
  bool revise();
  bool count();
  void went_down(const caf::down_msg& down);
  void end_if_empty();

  // stream_keeper
  const node_settings& settings() const override { return *settings_; }
  net::time_point now() const override { return self_->clock().now(); }
  net::wall_time wall_now() const override { return options_.wall_now(); }
  std::function<net::wall_time()> wall_clock() const override { return options_.wall_now; }
  bool shutting_down() const override { return shutting_down_; }
  std::uint32_t random() override { return options_.random(); }
  berth_host place() override { return options_.place(); }
  stream_record* visible(const stream_key& key) override;
  void look(const stream_key& key, stream_record& r) override;
  void remind(const stream_key& key, stream_record& r, std::optional<net::time_point> when) override;
  void open(const open_request& request, open_answer then) override { openings_->open(request, std::move(then)); }
  void close(const stream_key& key, generation_t generation) override;
  void later(std::function<void()> work) override;
  void count_refusal(errc why) override { stats_.refused(why); }
  void begin_close(const stream_key& key, stream_record& r, close_reason reason) override;
  void tell(event e) override;
  using stream_keeper::tell;

  // ending
  static void send_close(stream_record& r);
  void finish(const stream_key& key, stream_record r);
  void leave_parent(const stream_key& key, const stream_record& r);

  // given
  self_pointer self_;
  supervisor_options options_;
  node_settings_ptr settings_;
  // owned
  std::unique_ptr<net::port_allocator> ports_;
  registry registry_;
  deadline_queue deadlines_;
  node_alarms alarms_;
  node_stats stats_;  // what is counted; the rest is filled when asked for
  tally tally_;
  std::optional<publisher> publisher_;
  std::optional<senders> senders_;
  std::optional<openings> openings_;
  std::optional<stream_commands> commands_;
  // state
  bool proceeding_ = false;            // a message says to go on
  bool revising_ = false;              // settings have changed since somebody has looked at all streams
  std::optional<stream_key> revised_;  // up to here they have been looked at
  bool shutting_down_ = false;
  std::size_t postponed_ = 0;  // pieces of work that are on their way
  std::optional<promise<outcome<completed>>> shut_down_promise_;
};

}  // namespace berth::actors
