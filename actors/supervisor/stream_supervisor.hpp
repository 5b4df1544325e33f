// Hands berths out, one request at a time: because one actor opens, closes and answers, no two answers can disagree.
#pragma once

#include <functional>

#include "actors/contract/messages.hpp"
#include "actors/events/alarm.hpp"
#include "actors/stream/hosting.hpp"
#include "actors/supervisor/deadline_queue.hpp"
#include "actors/supervisor/publisher.hpp"
#include "actors/supervisor/registry.hpp"
#include "actors/supervisor/senders.hpp"
#include "actors/supervisor/stream_commands.hpp"

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
};

/// State of the supervisor actor: registry, ports, quarantine, alarms. Its handlers never block and never wait for a
/// stream: what has to wait for a down message is parked as a promise in the record.
/// Spawned by the daemon, ends on shutdown_request after the last stream is down. Runs on CAF's scheduler; only its own
/// handlers touch its members.
class stream_supervisor {
 public:
  using handle = supervisor_actor;
  using self_pointer = handle::stateful_pointer<stream_supervisor>;
  static inline const char* name = "stream_supervisor";

  explicit stream_supervisor(self_pointer self) : self_(self) {}
  handle::behavior_type start(supervisor_options options);

 private:
  // requests
  caf::result<outcome<opened>> open(const open_request& request);
  caf::result<outcome<closed>> close(const close_request& request);
  outcome<stream_status> query(const query_request& request);
  stream_list list(const list_request& request);
  outcome<completed> idle_check(const idle_check_request& request);
  ports_report ports();
  node_stats stats();
  caf::result<completed> shut_down();
  // notices
  void apply(node_settings_ptr settings);
  void packets_arrived(const stream_notice& notice);
  void ssrc_announced(const ssrc_arrived& announcement);
  void tick();
  void sweep();
  void went_down(const caf::down_msg& down);
  void end_if_empty();

  // opening
  /// An open that has got its ports already, or none yet; what it decides is left in it.
  using had_ports = std::optional<net::allocation>;
  std::optional<outcome<opened>> try_open(const open_request& request, had_ports& had);
  std::optional<rejection> why_not_open(const open_request& request) const;
  outcome<opened> create(const open_request& request, stream_record r, had_ports& had);
  outcome<opened> create_fetched(const open_request& request, stream_record r);
  std::optional<rejection> why_too_many(const open_request& request, const stream_record* displaced) const;
  /// Sees to it that `request` can take the place of `present` before that ends.
  std::optional<rejection> begin_displacing(const stream_key& key, stream_record& present, const open_request& request,
                                            const net::endpoint& local, had_ports& had);
  std::optional<rejection> make_actor(const stream_key& key, stream_record& r, const net::endpoint& banned);
  stream_record& insert(const stream_key& key, stream_record r);
  outcome<opened> account(outcome<opened> answer, const open_request& request);

  // living and ending
  stream_record* visible(const stream_key& key);
  void look(const stream_key& key, stream_record& r);
  void remind(const stream_key& key, stream_record& r, std::optional<net::time_point> when);
  void begin_close(const stream_key& key, stream_record& r, close_reason reason);
  void send_close(stream_record& r);
  void finish(const stream_key& key, stream_record r);
  bool give_way(const stream_key& key, stream_record& r);
  bool come_back(const stream_key& key, stream_record& r, const rejection& why);
  void open_parked(const stream_key& key, std::deque<parked_open> parked, bool displaced);

  void tell(event_kind kind, const stream_key& key, const stream_record& r);
  void tell(event e);
  net::time_point now() const;
  moment moment_now() const;

  // given
  self_pointer self_;
  supervisor_options options_;
  node_settings_ptr settings_;
  // owned
  std::unique_ptr<net::port_allocator> ports_;
  registry registry_;
  deadline_queue deadlines_;
  node_alarms alarms_;
  std::optional<publisher> publisher_;
  std::optional<senders> senders_;
  std::optional<stream_commands> commands_;
  // state
  node_stats stats_;  // what is counted; the rest is filled when asked for
  std::size_t multiplexed_ = 0;
  std::size_t fetched_ = 0;
  bool shutting_down_ = false;
  std::optional<caf::typed_response_promise<completed>> shut_down_promise_;
};

}  // namespace berth::actors
