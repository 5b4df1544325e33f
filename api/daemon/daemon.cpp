#include "api/daemon/daemon.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <future>
#include <latch>
#include <thread>

#include "api/config/pull_policy.hpp"
#include "api/core/control_context.hpp"
#include "api/core/core.hpp"
#include "api/core/event_feed.hpp"
#include "api/core/settings.hpp"
#include "api/daemon/call_log.hpp"
#include "api/daemon/core_watch.hpp"
#include "api/daemon/load_meter.hpp"
#include "api/daemon/logger.hpp"
#include "api/daemon/placement.hpp"
#include "api/daemon/prepared.hpp"
#include "api/daemon/signals.hpp"
#include "api/daemon/way_down.hpp"
#include "api/hooks/hook_body.hpp"
#include "api/hooks/hook_client.hpp"
#include "api/http/http_server.hpp"
#include "api/http/router.hpp"
#include "api/recording/recording_archive.hpp"
#include "api/routes/event_routes.hpp"
#include "api/routes/health_routes.hpp"
#include "api/routes/media_routes.hpp"
#include "api/routes/openapi.hpp"
#include "api/routes/rtc_routes.hpp"
#include "api/routes/rtp_sender_routes.hpp"
#include "api/routes/rtp_server_routes.hpp"
#include "api/routes/server_routes.hpp"
#include "api/routes/source_routes.hpp"
#include "api/routes/v1_routes.hpp"
#include "api/routes/viewer_routes.hpp"
#include "api/text/text.hpp"
#include "api/viewers/rtsp_session.hpp"
#include "net/base/cpu_clock.hpp"
#include "net/source/puller.hpp"

namespace berth::api {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto sample_interval = 1s;
/// What a server may take to stop beyond the patience that it is given.
constexpr auto longest_stop = 5s;
constexpr auto longest_flush = 500ms;
/// What the whole way down may take beyond berth.shutdown_sec.
constexpr auto longest_way_down = 15s;

// ---- before anything runs -----------------------------------------------------------------------------------------

// A stream takes two descriptors: the soft limit is only a default, the hard one is what the administrator allows.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// ---- the daemon ---------------------------------------------------------------------------------------------------

class daemon {
 public:
  daemon(prepared p, config_environment environment, way_down& down);
  ~daemon();

  net::result<std::uint16_t, start_failure> start();
  void wait_and_stop();

 private:
  void make_core();
  void make_routes();
  void start_threads();
  boost::json::object statistic_now() const;
  net::duration silence() const { return ending_ ? net::duration{} : core_->silence(net::clock::now()); }
  void apply(const config& before, const config& now);
  asio::awaitable<void> watch_signals();
  asio::awaitable<void> sample();
  void report_refusals(const actors::node_stats& stats);
  void end(bool restart);
  [[noreturn]] void give_up(const std::string& why);

  way_down& down_;
  // made first, gone last
  prepared prepared_;
  std::shared_ptr<const config> at_start_ = prepared_.config->current();
  const daemon_settings own_ = daemon_settings_of(*at_start_);
  logger log_;
  call_log calls_{log_};
  net::posix_socket_factory sockets_;
  http_settings_holder http_settings_;
  event_feed feed_;
  rtc_service rtc_{[this] {
    return rtc_settings_of(*prepared_.config->current());
  }};  // what runs on the contexts holds its sessions
  control_context control_;
  asio::io_context watch_io_{1};  // signals, and whoever looks after the others: waits for nobody
  context_pool viewer_io_{own_.http_threads};
  asio::thread_pool disk_{1};
  asio::thread_pool texts_{1};
  viewer_service media_{viewer_io_, [this] { return viewer_settings_of(*prepared_.config->current()); }};
  net::url_policy pull_policy_ = make_pull_policy([this] { return prepared_.config->current(); });
  snapshot_service snapshots_{disk_, pull_policy_};
  recording_archive archive_{disk_, [this] { return recording_settings_of(*prepared_.config->current()); }};
  std::unique_ptr<recorder> recorder_;
  std::unique_ptr<hook_client> hook_transport_;
  std::unique_ptr<core> core_;
  std::optional<core_client> client_;
  router routes_;
  std::optional<viewer_entrance> entrance_;
  std::unique_ptr<http_server> server_;          // of the API
  std::unique_ptr<http_server> viewers_server_;  // of the rest, and in the API's place while the core is stuck
  std::unique_ptr<tcp_server> rtsp_server_;
  std::optional<core_watch> watch_;
  std::unique_ptr<load_meter> reactor_loads_, worker_loads_;
  std::vector<std::thread> threads_;
  std::latch go_{1};  // the threads' work needs the meters, and the meters need the threads
  // state
  std::promise<void> end_;
  std::atomic<bool> ending_{false};
  std::atomic<bool> ready_{false};
  std::uint64_t refused_reported_ = 0;
  mutable std::mutex statistic_mutex_;
  boost::json::object statistic_ = statistic({});
};

daemon::daemon(prepared p, config_environment environment, way_down& down)
    : down_(down),
      prepared_(std::move(p)),
      log_(own_.log_level, own_.json_log),
      http_settings_(http_settings_of(*at_start_)) {
  for (const auto& w : at_start_->warnings(environment)) log_.warn(w.to_string());
  make_core();
  make_routes();
}

void daemon::make_core() {
  const auto& store = *prepared_.config;
  const hook_body_sources sources{[&store] { return daemon_settings_of(*store.current()).server_id; },
                                  [&store] { return store.current()->all(); }, [this] { return statistic_now(); }};
  recorder_ = std::make_unique<recorder>(recorder::dependencies{
      disk_, [&store] { return recording_settings_of(*store.current()); },
      [this](actors::event e) { client_->tell(std::move(e)); },
      [this](actors::media_request wanted, auto then) { client_->ask(std::move(wanted), std::move(then)); }});
  hook_transport_ =
      std::make_unique<hook_client>([sources](const actors::hook_delivery& d) { return hook_body(d, sources); });
  core_ = std::make_unique<core>(*at_start_, core::dependencies{sockets_, *hook_transport_,
                                                                [this](net::source_options_ptr what, auto wake) {
                                                                  return std::make_unique<net::puller>(
                                                                      std::move(what), pull_policy_, std::move(wake));
                                                                },
                                                                [this](const actors::event_ptr& e) {
                                                                  log_.write(e);
                                                                  recorder_->follow(*e);
                                                                  feed_.notify();
                                                                },
                                                                [this](const std::string& why) {
                                                                  give_up(
                                                                      "the supervisor has failed, and nothing works "
                                                                      "without it: " +
                                                                      why);
                                                                }});
  client_.emplace(core_->client());
}

void daemon::make_routes() {
  const auto& core = *client_;
  auto& config = *prepared_.config;
  entrance_.emplace(
      media_, [&core](actors::watch_request wanted) { return core.ask(std::move(wanted)); },
      [&core](const actors::viewer& who, const actors::consumption& taken) {
        core.tell({.kind = actors::event_kind::viewer_left,
                   .who = std::make_shared<actors::viewer>(who),
                   .taken = std::make_shared<actors::consumption>(taken)});
      });
  add_rtp_server_routes(routes_, {.core = core, .config = config, .texts = texts_});
  add_rtp_sender_routes(routes_, {.core = core, .config = config});
  add_source_routes(routes_, {.core = core, .config = config, .archive = archive_, .texts = texts_});
  add_rtc_routes(routes_, {.core = core, .config = config, .viewers = *entrance_, .rtc = rtc_});
  add_server_routes(routes_, {.core = core,
                              .config = config,
                              .sockets = sockets_,
                              .disk = disk_,
                              .restart = [this] { end(true); },
                              .paths = [this] { return routes_.paths(); },
                              .reactor_loads = [this] { return reactor_loads_->to_json(); },
                              .worker_loads = [this] { return worker_loads_->to_json(); }});
  add_v1_routes(routes_, {.core = core, .config = config, .snapshots = snapshots_, .texts = texts_, .threads = [this] {
                            auto all = reactor_loads_->loads();
                            const auto others = worker_loads_->loads();
                            all.insert(all.end(), others.begin(), others.end());
                            return all;
                          }});
  add_health_routes(
      routes_, {.core = core, .ready = [this] { return ready_ && !ending_; }, .silence = [this] { return silence(); }});
  add_event_routes(routes_, {.core = core, .feed = feed_});
  add_media_routes(routes_, {.core = core,
                             .config = config,
                             .viewers = media_.viewers(),
                             .recordings = *recorder_,
                             .archive = archive_,
                             .snapshots = snapshots_,
                             .texts = texts_});
  add_viewer_routes(routes_, *entrance_);
  add_openapi_route(routes_);

  http_service service{.settings = http_settings_,
                       .answer = [this](http_request& r) { return routes_.dispatch(r); },
                       .log = [this](std::string_view text) { log_.error(text); },
                       .access_log =
                           [this](http_request&& request, const http_reply& reply, std::chrono::microseconds took) {
                             calls_.note(std::move(request), reply, took, net::clock::now());
                           }};
  viewers_server_ = std::make_unique<http_server>(watch_io_, viewer_io_, service);
  service.is_elsewhere = [](const http_request& r) { return !is_for_core(r.path); };
  service.elsewhere = [this](taken_connection taken, http_request first) {
    viewers_server_->go_on(std::move(taken), std::move(first));
  };
  server_ = std::make_unique<http_server>(control_.io(), std::move(service));
  rtsp_server_ = std::make_unique<tcp_server>(
      viewer_io_[0], viewer_io_,
      rtsp_sessions({.in = *entrance_,
                     .max_connections = [this] { return http_settings_.get()->max_connections; },
                     .log = [this](std::string_view text) { log_.error(text); }}));
}

// A keepalive must not wait for anybody: it carries the figures of the last sample.
boost::json::object daemon::statistic_now() const {
  const std::lock_guard lock{statistic_mutex_};
  return statistic_;
}

net::result<std::uint16_t, start_failure> daemon::start() {
  if (own_.shared_rtp_port != 0)
    if (auto failed = core_->open_shared_port(own_.shared_rtp_port)) return net::failure{start_failure{1, *failed}};
  const auto port = server_->listen(own_.listen_ip, own_.http_port);
  if (!port)
    return net::failure{start_failure{1, port.error() + "; http.port in the configuration, or --set http.port=8080, "
                                                        "chooses another"}};
  if (own_.rtsp_port != 0) {
    const auto opened = rtsp_server_->listen(own_.listen_ip, own_.rtsp_port);
    if (!opened) return net::failure{start_failure{1, opened.error() + "; rtsp.port in the configuration"}};
  }
  prepared_.config->on_change([this](const config& before, const config& now) { apply(before, now); });
  asio::co_spawn(watch_io_, watch_signals(), asio::detached);
  watch_.emplace(core_watch::needs{*client_, [this] { return silence(); }, *server_, *viewers_server_, log_});
  asio::co_spawn(watch_io_, watch_->run(), asio::detached);
  asio::co_spawn(watch_io_, sample(), asio::detached);
  start_threads();
  ready_ = true;
  core_->publish(actors::event_kind::server_started);
  announce(prepared_, *at_start_, *port);
  return *port;
}

void daemon::start_threads() {
  // Signals are for the signal set alone: no thread of ours may be interrupted.
  std::vector<load_meter::source> workers;
  const auto run = [&](asio::io_context& io, std::string name, std::function<net::duration()> turns = {}) {
    auto& thread = threads_.emplace_back([&io, this] {
      go_.wait();
      const auto keep = asio::make_work_guard(io);
      io.run();
    });
    ::pthread_setname_np(thread.native_handle(), name.c_str());
    workers.push_back(
        {std::move(name), [cpu = net::cpu_clock{thread.native_handle()}] { return cpu.used(); }, std::move(turns), {}});
  };
  run(control_.io(), "api", [this] { return core_->control().longest_turn(); });
  run(watch_io_, "watch");
  for (std::size_t i = 0; i < viewer_io_.size(); ++i) run(viewer_io_[i], "viewers " + std::to_string(i));
  workers.push_back({"hooks", [this] { return hook_transport_->cpu_time(); }, {}, {}});
  worker_loads_ = std::make_unique<load_meter>(std::move(workers));
  std::vector<load_meter::source> receivers;
  for (std::size_t i = 0; i < core_->reactors().size(); ++i) {
    auto* r = core_->reactors()[i].get();
    receivers.push_back({"reactor " + std::to_string(i), [r] { return r->cpu_time(); },
                         [r] { return r->longest_turn(); }, [r] { return r->descriptors(); }});
  }
  reactor_loads_ = std::make_unique<load_meter>(std::move(receivers));
  control_.serve(core_->control());
  go_.count_down();
}

// ---- while it runs ------------------------------------------------------------------------------------------------

void daemon::apply(const config& before, const config& now) {
  http_settings_.set(http_settings_of(now));
  const auto own = daemon_settings_of(now);
  log_.set_level(own.log_level);
  core_->apply(now);
  if (daemon_settings_of(before).shared_rtp_port == own.shared_rtp_port) return;
  if (const auto failed = core_->close_shared_port()) log_.error(*failed);
  if (own.shared_rtp_port == 0) return;
  if (const auto failed = core_->open_shared_port(own.shared_rtp_port)) log_.error(*failed);
}

asio::awaitable<void> daemon::watch_signals() {
  asio::signal_set signals{watch_io_, SIGTERM, SIGINT, SIGHUP};
  take_signals();
  for (;;) {
    const int number = co_await signals.async_wait(asio::use_awaitable);
    if (number != SIGHUP) {
      end(false);
      continue;
    }
    asio::post(disk_, [this] {
      const auto done = prepared_.config->reload();
      if (done)
        log_.info("configuration read again, " + std::to_string(done->changed.size()) + " keys changed");
      else
        log_.error("configuration not read again, nothing has changed: " + join(done.error(), "; "));
    });
  }
}

asio::awaitable<void> daemon::sample() {
  asio::steady_timer timer{watch_io_};
  for (;;) {
    timer.expires_after(sample_interval);
    co_await timer.async_wait(asio::use_awaitable);
    if (ending_) continue;
    calls_.report(net::clock::now());
    reactor_loads_->sample(net::clock::now());
    worker_loads_->sample(net::clock::now());
    const auto stats = co_await client_->ask(actors::stats_request{});
    if (!stats) continue;
    report_refusals(*stats);
    const std::lock_guard lock{statistic_mutex_};
    statistic_ = statistic(*stats);
  }
}

// Junk is counted where it arrives and logged here, once a second at most, however much of it there is.
void daemon::report_refusals(const actors::node_stats& stats) {
  const auto total = stats.totals.refused_total();
  if (total > refused_reported_)
    log_.warn(std::to_string(total - refused_reported_) + " datagrams refused since the last line; in all " +
              actors::describe_refusals(stats.totals));
  refused_reported_ = total;
}

void daemon::end(bool restart) {
  if (!restart) down_.is_for_good();
  if (!ending_.exchange(true)) end_.set_value();
}

// Nothing that is left can be trusted, not even to be taken down: whoever runs the daemon starts it anew.
void daemon::give_up(const std::string& why) {
  log_.flush(longest_flush);
  end_now(why);
}

// ---- the way down -------------------------------------------------------------------------------------------------

void daemon::wait_and_stop() {
  end_.get_future().wait();
  const auto patience =
      std::chrono::duration_cast<std::chrono::milliseconds>(daemon_settings_of(*prepared_.config->current()).shutdown);
  const auto deadline = net::clock::now() + patience;
  down_.begin(patience + longest_way_down);
  log_.info(down_.for_good() ? "shutting down" : "restarting");

  std::promise<void> viewers_gone;
  media_.stop([&] { viewers_gone.set_value(); });
  viewers_gone.get_future().wait();
  for (tcp_server* server :
       {static_cast<tcp_server*>(server_.get()), static_cast<tcp_server*>(viewers_server_.get()), rtsp_server_.get()}) {
    const auto stopped = std::make_shared<std::promise<void>>();
    server->stop(patience / 4, [stopped] { stopped->set_value(); });
    // A thread that is stuck answers nobody, and can not be joined either.
    if (stopped->get_future().wait_for(patience / 4 + longest_stop) != std::future_status::ready)
      give_up("its connections do not end: a thread is stuck");
  }
  recorder_->stop_all();
  snapshots_.stop();
  rtc_.stop();
  disk_.join();
  if (const auto failed = core_->shut_down(deadline)) log_.error(*failed);
  hook_transport_->stop();
}

daemon::~daemon() {
  if (!go_.try_wait()) go_.count_down();
  rtc_.stop();
  if (hook_transport_) hook_transport_->stop();
  control_.io().stop();
  watch_io_.stop();
  viewer_io_.stop();
  for (auto& t : threads_) t.join();
  core_->control().move_home();
  for (auto* pool : {&texts_, &disk_}) {
    pool->stop();
    pool->join();
  }
  core_.reset();
}

}  // namespace

daemon_exit run_daemon(const options& given) {
  raise_descriptor_limit();
  auto made = prepare(given);
  if (!made) {
    std::fprintf(stderr, "berthd: %s\n", made.error().text.c_str());
    return {made.error().code, false};
  }
  way_down down;
  {
    daemon d{std::move(*made), read_config_environment(), down};
    if (const auto port = d.start(); !port) {
      std::fprintf(stderr, "berthd: %s\n", port.error().text.c_str());
      return {port.error().code, false};
    }
    d.wait_and_stop();
  }
  return {0, !down.for_good()};
}

}  // namespace berth::api
