// A supervisor with real sockets in virtual time: every packet, message and second happens when the test says so.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>

#include <memory>
#include <optional>
#include <vector>

#include "actors/contract/spawning.hpp"
#include "actors/supervisor/stream_supervisor.hpp"
#include "tests/support/actor_lab.hpp"
#include "tests/support/fake_sockets.hpp"
#include "tests/support/fake_source.hpp"
#include "tests/support/packets.hpp"
#include "tests/support/reserved_ports.hpp"

namespace berth::tests {

/// Takes the place of the event log and keeps what the supervisor tells.
class event_catcher {
 public:
  using handle = actors::event_log_actor;
  using self_pointer = handle::stateful_pointer<event_catcher>;
  explicit event_catcher(self_pointer) {}
  handle::behavior_type start(std::vector<actors::event>* out) {
    return {[out](const actors::event& e) { out->push_back(e); }, [](const actors::follow_events&) {},
            [](const actors::events_since&) { return actors::outcome<actors::event_batch>{actors::event_batch{}}; }};
  }
};

/// Takes the place of the hooks: keeps what is asked, and answers when it is sent a hook_done with the question's number.
class question_catcher {
 public:
  struct question : actors::hook_question {
    bool answered = false;

    const actors::stream_status& stream() const { return std::get<actors::stream_status>(about); }
    const actors::viewer& who() const { return std::get<actors::viewer>(about); }
  };
  using handle = actors::hook_dispatcher_actor;
  using self_pointer = handle::stateful_pointer<question_catcher>;
  static inline const char* name = "question_catcher";
  explicit question_catcher(self_pointer self) : self_(self) {}
  handle::behavior_type start(std::vector<question>* out) {
    return {
        [this, out](const actors::hook_question& q) -> caf::result<actors::hook_outcome> {
          out->push_back({q});
          promises_.emplace_back(self_);
          return promises_.back();
        },
        [this](const actors::hook_done& done) { promises_[done.id].deliver(done.outcome); },
        [](const actors::hook_flush_request&) { return actors::outcome<actors::hook_flushed>{actors::hook_flushed{}}; },
        [](const actors::hook_stats_request&) { return actors::outcome<actors::hook_stats>{actors::hook_stats{}}; },
        [](const actors::hook_tick&) {},
        [](const actors::event_ptr&) {},
        [](const actors::hook_settings_ptr&) {}};
  }

 private:
  self_pointer self_;
  std::vector<actors::promise<actors::hook_outcome>> promises_;
};

class harbour {
 public:
  enum class hooks : std::uint8_t { none, asked };

  explicit harbour(std::size_t pairs = 4, std::uint64_t seed = 0, net::socket_factory* sockets = nullptr,
                   std::optional<net::port_range> range = std::nullopt, hooks ask = hooks::none)
      : lab(seed), failing(sockets != nullptr ? *sockets : real) {
    settings.allocator.range = range ? *range : reserved.emplace(pairs).range();
    settings.listen_ip = "127.0.0.1";
    actors::supervisor_options o;
    o.sockets = &failing;
    o.settings = std::make_shared<actors::node_settings>(settings);
    o.events = log = actors::spawn<event_catcher>(lab.system, &events);
    if (ask == hooks::asked) o.hooks = asked = actors::spawn<question_catcher>(lab.system, &questions);
    o.place = [this] {
      if (fail_placing) throw std::runtime_error("no reactor");
      return actors::berth_host{.poller = &poller, .buffers = &buffers, .load = &load};
    };
    o.sources = sources.factory();
    o.wall_now = [] { return net::wall_time{}; };
    supervisor = actors::spawn<actors::stream_supervisor>(lab.system, std::move(o));
    lab.run();
  }
  ~harbour() {
    caf::anon_send(supervisor, actors::shutdown_request{});
    lab.run();
    caf::anon_send_exit(log, caf::exit_reason::kill);
    log = nullptr;
    if (asked) caf::anon_send_exit(asked, caf::exit_reason::kill);
    asked = nullptr;
    supervisor = nullptr;
    lab.scheduler.clock().cancel_all();
    lab.run();
  }

  actors::outcome<actors::opened> open(actors::open_request r) { return lab.ask(supervisor, std::move(r)); }
  actors::outcome<actors::opened> open(const std::string& id) { return open(request(id)); }
  /// A port for many streams, under the key "shared".
  actors::outcome<actors::opened> open_shared() {
    auto r = request("shared");
    r.what = actors::multiplex_port{};
    return open(r);
  }
  actors::outcome<actors::closed> close(const std::string& id, std::optional<actors::generation_t> g = std::nullopt) {
    return lab.ask(supervisor, actors::close_request{key(id), g, false});
  }
  actors::outcome<actors::stream_status> query(const std::string& id) {
    auto answer = lab.ask(supervisor, actors::query_request{key(id)});
    if (!answer) return net::failure{answer.error()};
    return **answer;
  }
  std::vector<actors::stream_status> list(actors::list_request r = {}) {
    return lab.ask(supervisor, std::move(r))->streams;
  }
  actors::node_stats stats() { return *lab.ask(supervisor, actors::stats_request{}); }
  actors::ports_report ports() { return *lab.ask(supervisor, actors::ports_request{}); }
  void apply() {
    caf::anon_send(supervisor, actors::node_settings_ptr{std::make_shared<actors::node_settings>(settings)});
    lab.run();
  }

  /// The numbers of questions of one kind that have not been answered, oldest first.
  std::vector<std::size_t> open_questions(actors::hook_name name) const {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < questions.size(); ++i)
      if (questions[i].name == name && !questions[i].answered) found.push_back(i);
    return found;
  }
  void answer(std::size_t question, actors::hook_outcome o) {
    questions[question].answered = true;
    caf::anon_send(asked, actors::hook_done{question, 1, std::move(o)});
    receive();
  }

  /// Lets the streams read what has arrived, and everybody act on it.
  void receive() {
    while (poller.wait(net::duration::zero(), [&] { return lab.now(); }) > 0) {
    }
    lab.run();
  }

  static actors::stream_key key(const std::string& id) { return {"__defaultVhost__", "rtp", id}; }
  static actors::open_request request(const std::string& id) {
    actors::open_request r;
    r.key = key(id);
    return r;
  }
  /// What is asked for in a request for a stream with a port of its own, and of one without.
  static actors::rtp_port& port_in(actors::open_request& r) { return std::get<actors::rtp_port>(r.what); }
  static actors::sourced& source_in(actors::open_request& r) { return std::get<actors::sourced>(r.what); }
  std::size_t told(actors::event_kind kind) const {
    std::size_t n = 0;
    for (const auto& e : events) n += e.kind == kind ? 1 : 0;
    return n;
  }

  actor_lab lab;
  net::poller poller;
  net::receive_buffers buffers;
  std::atomic<std::size_t> load{0};
  fake_sources sources;
  net::posix_socket_factory real;
  std::optional<reserved_ports> reserved;
  failing_sockets failing;
  actors::node_settings settings;
  std::vector<actors::event> events;
  bool fail_placing = false;
  std::vector<question_catcher::question> questions;
  actors::event_log_actor log;
  actors::hook_dispatcher_actor asked;
  actors::supervisor_actor supervisor;
};

/// A sender on loopback with a source port of its own.
class camera {
 public:
  explicit camera(std::uint32_t ssrc = 0x1234) : source_(ssrc) {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(socket_.get(), reinterpret_cast<sockaddr*>(&any), sizeof any);
  }

  void send_raw(std::uint16_t port, const bytes& packet) {
    sockaddr_storage to;
    const auto size = net::endpoint::parse("127.0.0.1", port)->to_sockaddr(to, AF_INET);
    ::sendto(socket_.get(), packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&to), size);
  }
  void send(std::uint16_t port) { send_raw(port, source_.next()); }
  net::endpoint local() const { return net::local_endpoint(socket_.get()); }

 private:
  net::unique_fd socket_{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  rtp_source source_;
};

}  // namespace berth::tests
