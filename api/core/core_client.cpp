#include "api/core/core_client.hpp"

#include <boost/asio/use_awaitable.hpp>

#include "api/core/ask.hpp"

namespace berth::api {
namespace {

using boost::asio::use_awaitable;

// Longer than anything takes, shorter than clients wait.
constexpr net::duration answer_timeout = std::chrono::seconds{5};
// A question to a hook is asked before some requests are answered: its time-outs and retries are longer than ours.
constexpr net::duration hook_patience = std::chrono::minutes{2};

template <class T>
struct unwrap {
  static actors::outcome<T> from(T value) { return value; }
};
template <class T>
struct unwrap<actors::outcome<T>> {
  static actors::outcome<T> from(actors::outcome<T> value) { return value; }
};

actors::rejection lost(actors::asker& by, const caf::error& e) {
  const bool timed_out = e == caf::sec::request_timeout;
  return {timed_out ? actors::errc::internal : actors::errc::shutting_down,
          timed_out ? "the core did not answer in time" : "the core is gone: " + by.home_system().render(e),
          {}};
}

// `Answer` is what the actor replies: T itself, or outcome<T>.
template <class T, class Answer, class Handle, class Message>
boost::asio::awaitable<actors::outcome<T>> exchange(actors::asker_ptr by, Handle to, Message message,
                                                    net::duration patience = answer_timeout) {
  auto asking = ask<Answer>(*by, to, net::clock::now() + patience, std::move(message), use_awaitable);
  auto answer = co_await std::move(asking);
  if (!answer) co_return net::failure{lost(*by, answer.error())};
  co_return unwrap<Answer>::from(std::move(*answer));
}

}  // namespace

core_client::core_client(caf::actor_system& system, actors::supervisor_actor supervisor, actors::event_log_actor events,
                         actors::hook_dispatcher_actor hooks)
    : asker_(actors::make_asker(system)),
      supervisor_(std::move(supervisor)),
      events_(std::move(events)),
      hooks_(std::move(hooks)) {}

core_client::reply<actors::opened> core_client::open(actors::open_request request) const {
  return exchange<actors::opened, actors::outcome<actors::opened>>(asker_, supervisor_, std::move(request));
}

core_client::reply<actors::closed> core_client::close(actors::close_request request) const {
  return exchange<actors::closed, actors::outcome<actors::closed>>(asker_, supervisor_, std::move(request));
}

core_client::reply<actors::stream_status> core_client::query(actors::query_request request) const {
  return exchange<actors::stream_status, actors::outcome<actors::stream_status>>(asker_, supervisor_,
                                                                                 std::move(request));
}

core_client::reply<actors::stream_list> core_client::list(actors::list_request request) const {
  return exchange<actors::stream_list, actors::stream_list>(asker_, supervisor_, std::move(request));
}

core_client::reply<actors::completed> core_client::update_ssrc(actors::update_ssrc_request request) const {
  return exchange<actors::completed, actors::outcome<actors::completed>>(asker_, supervisor_, std::move(request));
}

core_client::reply<actors::completed> core_client::connect(actors::connect_request request) const {
  // The stream keeps the connection's own deadline; this one must not be first.
  const auto patience = answer_timeout + request.timeout;
  return exchange<actors::completed, actors::outcome<actors::completed>>(asker_, supervisor_, std::move(request),
                                                                         patience);
}

core_client::reply<actors::sending_started> core_client::start_sending(actors::send_request request) const {
  // As with connect(): the sender keeps the connection's deadline itself.
  const auto patience = answer_timeout + (request.way == actors::send_way::tcp ? request.patience : net::duration{});
  return exchange<actors::sending_started, actors::outcome<actors::sending_started>>(asker_, supervisor_,
                                                                                     std::move(request), patience);
}

core_client::reply<actors::completed> core_client::stop_sending(actors::stop_sending_request request) const {
  return exchange<actors::completed, actors::outcome<actors::completed>>(asker_, supervisor_, std::move(request));
}

core_client::reply<actors::sender_list> core_client::senders(actors::senders_request request) const {
  return exchange<actors::sender_list, actors::outcome<actors::sender_list>>(asker_, supervisor_, std::move(request));
}

core_client::reply<actors::opened> core_client::fetch(actors::fetch_request request) const {
  // Likewise for the source, and for the question whether it may be published.
  const auto asking = request.open.publish ? net::duration{} : net::duration{hook_patience};
  const auto patience = answer_timeout + request.open.source->timeout + asking;
  return exchange<actors::opened, actors::outcome<actors::opened>>(asker_, supervisor_, std::move(request), patience);
}

core_client::reply<actors::completed> core_client::play_back(actors::playback_request request) const {
  return exchange<actors::completed, actors::outcome<actors::completed>>(asker_, supervisor_, std::move(request));
}

core_client::reply<actors::completed> core_client::idle_check(actors::idle_check_request request) const {
  return exchange<actors::completed, actors::outcome<actors::completed>>(asker_, supervisor_, std::move(request));
}

core_client::reply<actors::watched> core_client::watch(actors::watch_request request) const {
  const auto patience = answer_timeout + hook_patience + request.wait;
  return exchange<actors::watched, actors::outcome<actors::watched>>(asker_, supervisor_, std::move(request), patience);
}

core_client::reply<actors::ports_report> core_client::ports() const {
  return exchange<actors::ports_report, actors::ports_report>(asker_, supervisor_, actors::ports_request{});
}

core_client::reply<actors::node_stats> core_client::stats() const {
  return exchange<actors::node_stats, actors::node_stats>(asker_, supervisor_, actors::stats_request{});
}

core_client::reply<actors::event_batch> core_client::events_since(actors::events_since request) const {
  return exchange<actors::event_batch, actors::event_batch>(asker_, events_, request);
}

core_client::reply<actors::hook_stats> core_client::hook_stats() const {
  return exchange<actors::hook_stats, actors::hook_stats>(asker_, hooks_, actors::hook_stats_request{});
}

void core_client::tell(actors::event e) const {
  e.at = net::wall_clock::now();
  caf::anon_send(events_, std::move(e));
}

void core_client::tell_viewer_left(const actors::viewer& who, const actors::consumption& taken) const {
  actors::event e;
  e.kind = actors::event_kind::viewer_left;
  e.who = std::make_shared<actors::viewer>(who);
  e.taken = std::make_shared<actors::consumption>(taken);
  tell(std::move(e));
}

}  // namespace berth::api
