#include "api/core.hpp"

#include <algorithm>
#include <random>
#include <thread>

#include "actors/event_log.hpp"
#include "actors/spawning.hpp"
#include "actors/stream_supervisor.hpp"
#include "api/config_value.hpp"
#include "api/settings.hpp"

namespace berth::api {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t events_kept = 4096;
constexpr auto shared_port_timeout = 5s;
constexpr auto least_patience = 100ms;

actors::stream_key shared_port_key() { return {"__defaultVhost__", "rtp", "rtp_proxy.port"}; }

std::size_t reactor_count(const config& c) {
  const auto wanted = c.get_int("berth.reactors");
  return wanted > 0 ? static_cast<std::size_t>(wanted) : std::max(1U, std::thread::hardware_concurrency() / 2);
}

// Numbers of events grow over restarts, so that a cursor of a former run is known as one.
std::uint64_t first_event_id() {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(net::wall_clock::now().time_since_epoch());
  return static_cast<std::uint64_t>(now.count()) << 20;
}

actors::event_sink::behavior_type hand_on(actors::event_sink::pointer,
                                          const std::function<void(const actors::event&)>& on_event) {
  return {[on_event](const actors::event_ptr& e) { on_event(*e); }};
}

}  // namespace

// CAF's own command line and files are none of Berth's, so everything is set here.
core::system_config::system_config(std::size_t threads) {
  // Idle workers of the other policy poll, and wake late.
  set("scheduler.policy", caf::atom("sharing"));
  set("scheduler.max-threads", threads);
  set("scheduler.max-throughput", std::size_t{64});
}

core::core(const config& c, dependencies given)
    : system_config_(static_cast<std::size_t>(c.get_int("berth.scheduler_threads"))),
      joined_(c.get_bool("berth.udp_gro")),
      system_(std::make_unique<caf::actor_system>(system_config_)) {
  const auto processors = *parse_processors(c.get_text("berth.reactor_cpus"));
  for (std::size_t i = 0; i < reactor_count(c); ++i) {
    const actors::reactor_options o{.pace = std::chrono::microseconds{c.get_int("berth.pace_us")},
                                    .joined = joined_,
                                    .processor = processors.empty() ? -1 : processors[i % processors.size()]};
    reactors_.push_back(std::make_unique<actors::reactor>(*system_, o));
  }

  events_ = actors::spawn<actors::event_log>(*system_, events_kept, first_event_id());
  listener_ = system_->spawn(hand_on, std::move(given.on_event));
  hooks_ = actors::spawn<actors::hook_dispatcher>(
      *system_, &given.hooks, actors::hook_settings_ptr{std::make_shared<actors::hook_settings>(hook_settings_of(c))},
      std::function<double()>{});
  caf::anon_send(events_, caf::add_atom_v, listener_);
  caf::anon_send(events_, caf::add_atom_v, actors::event_sink{hooks_});

  actors::supervisor_options o;
  o.sockets = &given.sockets;
  o.settings = settings_for(c);
  o.events = events_;
  o.hooks = hooks_;
  o.sources = std::move(given.sources);
  o.first_port = std::random_device{}();
  o.random = [numbers = std::make_shared<std::mt19937>(std::random_device{}())] {
    return static_cast<std::uint32_t>((*numbers)());
  };
  o.place = [this] {
    const auto least = std::min_element(reactors_.begin(), reactors_.end(),
                                        [](const auto& a, const auto& b) { return a->load() < b->load(); });
    return (*least)->host();
  };
  supervisor_ = actors::spawn<actors::stream_supervisor>(*system_, std::move(o));
  // This thread has spawned actors; CAF must not wait for its end.
  caf::logger::set_current_actor_system(nullptr);
}

core::~core() {
  for (const auto& a : {caf::actor_cast<caf::actor>(hooks_), caf::actor_cast<caf::actor>(listener_),
                        caf::actor_cast<caf::actor>(events_), caf::actor_cast<caf::actor>(supervisor_)})
    caf::anon_send_exit(a, caf::exit_reason::kill);
  hooks_ = nullptr;
  listener_ = nullptr;
  events_ = nullptr;
  supervisor_ = nullptr;
  system_->await_all_actors_done();
  reactors_.clear();
  caf::logger::set_current_actor_system(nullptr);
}

// Sockets are made as the reactors' buffers were, whatever the configuration says by now.
actors::node_settings_ptr core::settings_for(const config& c) const {
  auto settings = node_settings_of(c);
  settings.allocator.udp.joined = joined_;
  return std::make_shared<actors::node_settings>(std::move(settings));
}

void core::apply(const config& now) {
  caf::anon_send(supervisor_, settings_for(now));
  caf::anon_send(hooks_, actors::hook_settings_ptr{std::make_shared<actors::hook_settings>(hook_settings_of(now))});
}

std::optional<std::string> core::open_shared_port(std::uint16_t port) {
  actors::open_request r;
  r.key = shared_port_key();
  r.port = port;
  r.mode = actors::tcp_mode::passive;
  r.multiplex = r.configured = true;
  r.idle_after = net::duration::zero();
  std::optional<std::string> failed;
  caf::scoped_actor self{*system_};
  self->request(supervisor_, shared_port_timeout, r)
      .receive(
          [&](const actors::outcome<actors::opened>& answer) {
            if (!answer) failed = "rtp_proxy.port: " + answer.error().text;
          },
          [&](const caf::error& e) { failed = "rtp_proxy.port: " + system_->render(e); });
  return failed;
}

std::optional<std::string> core::close_shared_port() {
  std::optional<std::string> failed;
  caf::scoped_actor self{*system_};
  self->request(supervisor_, shared_port_timeout, actors::close_request{shared_port_key(), std::nullopt, true})
      .receive([](const actors::outcome<actors::closed>&) {},
               [&](const caf::error& e) { failed = "rtp_proxy.port: " + system_->render(e); });
  return failed;
}

void core::publish(actors::event_kind kind) {
  actors::event e;
  e.kind = kind;
  e.at = net::wall_clock::now();
  caf::anon_send(events_, std::move(e));
}

std::optional<std::string> core::shut_down(net::time_point deadline) {
  const auto left = [&] {
    return std::max<std::chrono::milliseconds>(
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - net::clock::now()), least_patience);
  };
  std::optional<std::string> failed;
  caf::scoped_actor self{*system_};
  self->request(supervisor_, left(), actors::shutdown_request{})
      .receive([](const actors::completed&) {},
               [&](const caf::error& e) { failed = "streams did not close: " + system_->render(e); });
  publish(actors::event_kind::server_exited);
  // The log hands events on in the order it gets them: when it has answered, the hooks have theirs.
  self->request(events_, left(), actors::events_since{0, 0})
      .receive([](const actors::event_batch&) {}, [](const caf::error&) {});
  self->request(hooks_, left() + 1s, actors::hook_flush_request{left()})
      .receive([](const actors::hook_flushed&) {}, [](const caf::error&) {});
  return failed;
}

}  // namespace berth::api
