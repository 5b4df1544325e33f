#include "api/core/core.hpp"

#include <algorithm>
#include <random>

#include "actors/contract/spawning.hpp"
#include "actors/events/event_log.hpp"
#include "actors/supervisor/stream_supervisor.hpp"
#include "api/core/settings.hpp"

namespace berth::api {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t events_kept = 4096;
constexpr auto shared_port_timeout = 5s;
constexpr auto least_patience = 100ms;
constexpr auto longest_close = 5s;

std::chrono::milliseconds left_until(net::time_point deadline) {
  return std::max<std::chrono::milliseconds>(
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - net::clock::now()), least_patience);
}

// Numbers of events grow over restarts, so that a cursor of a former run is known as one.
std::uint64_t first_event_id() {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(net::wall_clock::now().time_since_epoch());
  return static_cast<std::uint64_t>(now.count()) << 20;
}

}  // namespace

core::core(const config& c, dependencies given)
    : joined_(daemon_settings_of(c).actors.reactor.joined), threads_(daemon_settings_of(c).actors) {
  auto& system = threads_.system();
  events_ = actors::spawn<actors::event_log>(system, events_kept, first_event_id(), std::move(given.on_event));
  hooks_ = actors::spawn<actors::hook_dispatcher>(
      system, &given.hooks, actors::hook_settings_ptr{std::make_shared<actors::hook_settings>(hook_settings_of(c))},
      std::function<double()>{});
  caf::anon_send(events_, actors::follow_events{actors::event_sink{hooks_}});

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
  o.place = [this] { return threads_.place(); };
  o.alive = [this] { shown_ = net::clock::now(); };
  if (given.failed) o.failed = std::move(given.failed);
  supervisor_ = actors::spawn<actors::stream_supervisor>(system, std::move(o));
  // This thread has spawned actors; CAF must not wait for its end.
  caf::logger::set_current_actor_system(nullptr);
}

core::~core() {
  // A daemon that could not start has a shared port perhaps: its actor ends on its own thread, as on the other way down.
  if (!closed_) close_streams(net::clock::now() + longest_close);
  for (const auto& a : {caf::actor_cast<caf::actor>(hooks_), caf::actor_cast<caf::actor>(events_),
                        caf::actor_cast<caf::actor>(supervisor_)})
    caf::anon_send_exit(a, caf::exit_reason::kill);
  hooks_ = nullptr;
  events_ = nullptr;
  supervisor_ = nullptr;
}

net::duration core::silence(net::time_point now) const noexcept { return now - shown_.load(); }

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
  actors::multiplex_port wanted;
  wanted.port = port;
  wanted.mode = actors::tcp_mode::passive;
  wanted.configured = true;
  actors::open_request r;
  r.key = actors::configured_key();
  r.what = std::move(wanted);
  r.idle_after = net::duration::zero();
  std::optional<std::string> failed;
  caf::scoped_actor self{threads_.system()};
  self->request(supervisor_, shared_port_timeout, r)
      .receive(
          [&](const actors::outcome<actors::opened>& answer) {
            if (!answer) failed = "rtp_proxy.port: " + answer.error().text;
          },
          [&](const caf::error& e) { failed = "rtp_proxy.port: " + threads_.system().render(e); });
  return failed;
}

std::optional<std::string> core::close_shared_port() {
  std::optional<std::string> failed;
  caf::scoped_actor self{threads_.system()};
  self->request(supervisor_, shared_port_timeout, actors::close_request{actors::configured_key(), std::nullopt, true})
      .receive([](const actors::outcome<actors::closed>&) {},
               [&](const caf::error& e) { failed = "rtp_proxy.port: " + threads_.system().render(e); });
  return failed;
}

void core::publish(actors::event_kind kind) {
  actors::event e;
  e.kind = kind;
  e.at = net::wall_clock::now();
  caf::anon_send(events_, std::move(e));
}

std::optional<std::string> core::close_streams(net::time_point deadline) {
  closed_ = true;
  std::optional<std::string> failed;
  caf::scoped_actor self{threads_.system()};
  self->request(supervisor_, left_until(deadline), actors::shutdown_request{})
      .receive([](const actors::outcome<actors::completed>&) {},
               [&](const caf::error& e) { failed = "streams did not close: " + threads_.system().render(e); });
  return failed;
}

std::optional<std::string> core::shut_down(net::time_point deadline) {
  const auto left = [&] { return left_until(deadline); };
  auto failed = close_streams(deadline);
  caf::scoped_actor self{threads_.system()};
  publish(actors::event_kind::server_exited);
  // The log hands events on in the order it gets them: when it has answered, the hooks have theirs.
  self->request(events_, left(), actors::events_since{0, 0})
      .receive([](const actors::outcome<actors::event_batch>&) {}, [](const caf::error&) {});
  self->request(hooks_, left() + 1s, actors::hook_flush_request{left()})
      .receive([](const actors::outcome<actors::hook_flushed>&) {}, [](const caf::error&) {});
  return failed;
}

}  // namespace berth::api
