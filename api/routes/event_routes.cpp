#include "api/routes/event_routes.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>

#include "api/core/error_table.hpp"
#include "api/core/event_feed.hpp"
#include "api/core/status_json.hpp"
#include "api/http/auth.hpp"
#include "api/http/json.hpp"

namespace berth::api {
namespace {

namespace asio = boost::asio;
using reply = asio::awaitable<http_reply>;

constexpr std::size_t events_per_batch = 100;
// A comment now and then: a proxy does not take the connection for dead, and a client that is gone is found out.
constexpr auto heartbeat = std::chrono::seconds{15};

/// Which kinds of events a client wants.
using kind_filter = std::vector<actors::event_kind>;

net::result<kind_filter, std::string> parse_kinds(std::string_view text) {
  kind_filter kinds;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto name = trim(text.substr(0, comma));
    text = comma == text.npos ? std::string_view{} : text.substr(comma + 1);
    std::size_t i = 0;
    while (i < actors::event_kind_count && to_string(static_cast<actors::event_kind>(i)) != name) ++i;
    if (i == actors::event_kind_count)
      return net::failure{"kind: '" + std::string{name} + "' is not the name of a kind of event"};
    kinds.push_back(static_cast<actors::event_kind>(i));
  }
  return kinds;
}

/// The number of the last event that the client has seen: nothing without one, 0 = from the oldest that is kept.
net::result<std::optional<std::uint64_t>, std::string> parse_cursor(const http_request& request) {
  auto text = std::string{trim(request.header("Last-Event-ID"))};
  if (const auto* after = request.query_value("after"); text.empty() && after != nullptr) text = *after;
  if (text.empty()) return std::optional<std::uint64_t>{};
  std::uint64_t id = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (failed != std::errc{} || end != text.data() + text.size())
    return net::failure{"Last-Event-ID: '" + text + "' is not the number of an event"};
  return std::optional{id};
}

std::string message_of(const actors::event& e) {
  return "id: " + std::to_string(e.id) + "\nevent: " + std::string{to_string(e.kind)} +
         "\ndata: " + to_text(event_json(e)) + "\n\n";
}

/// Sends one client what it has not seen yet, until it goes or the server stops. Runs on its session's thread.
class follower : public std::enable_shared_from_this<follower> {
 public:
  follower(const core_client& core, asio::any_io_executor executor, std::optional<std::uint64_t> cursor,
           kind_filter kinds)
      : core_(core), executor_(executor), alarm_(executor), cursor_(cursor), kinds_(std::move(kinds)) {}

  /// False if there are too many of them.
  bool join(event_feed& feed) {
    place_ = feed.follow([weak = weak_from_this(), executor = executor_] {
      asio::post(executor, [weak] {
        if (const auto self = weak.lock()) self->wake();
      });
    });
    return place_ != nullptr;
  }

  asio::awaitable<void> run(event_writer& out) {
    const auto self = shared_from_this();
    out.on_close([weak = weak_from_this()] {
      if (const auto s = weak.lock()) s->wake();
    });
    // The first word comes when it is settled where the client begins: from then on it misses nothing.
    if (!cursor_) {
      actors::events_since newest{UINT64_MAX, 0};
      const auto now = co_await core_.ask(newest);
      if (!now) co_return;
      cursor_ = now->last;
    }
    if (!co_await out.write(": follows\n\n")) co_return;
    while (out.is_open()) {
      woken_ = false;
      actors::events_since wanted{*cursor_, events_per_batch};
      const auto batch = co_await core_.ask(wanted);
      if (!batch || !co_await out.write(text_of(*batch))) co_return;
      if (batch->events.empty()) co_await pause(out);
    }
  }

 private:
  std::string text_of(const actors::event_batch& batch) {
    std::string text;
    if (batch.missed) text = "event: missed\ndata: {\"after\":" + std::to_string(*cursor_) + "}\n\n";
    for (const auto& e : batch.events) {
      cursor_ = e->id;
      if (kinds_.empty() || std::find(kinds_.begin(), kinds_.end(), e->kind) != kinds_.end()) text += message_of(*e);
    }
    return text;
  }

  asio::awaitable<void> pause(event_writer& out) {
    if (woken_) co_return;
    alarm_.expires_after(heartbeat);
    const auto [cancelled] = co_await alarm_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!cancelled) co_await out.write(": alive\n\n");
  }

  void wake() {
    woken_ = true;
    alarm_.cancel();
  }

  const core_client& core_;
  asio::any_io_executor executor_;
  asio::steady_timer alarm_;
  std::optional<std::uint64_t> cursor_;
  kind_filter kinds_;
  std::unique_ptr<event_feed::place> place_;
  bool woken_ = false;
};

reply follow_events(const event_needs& with, const http_request& request) {
  const auto cursor = parse_cursor(request);
  if (!cursor) co_return problem(400, cursor.error(), request.path);
  const auto* wanted = request.query_value("kind");
  auto kinds = parse_kinds(wanted != nullptr ? *wanted : std::string{});
  if (!kinds) co_return problem(400, kinds.error(), request.path);
  const auto executor = co_await asio::this_coro::executor;
  const auto client = std::make_shared<follower>(with.core, executor, *cursor, std::move(*kinds));
  if (!client->join(with.feed))
    co_return problem(503, std::to_string(event_feed::max_followers) + " clients follow the events already",
                      request.path);
  http_reply r;
  r.content_type = "text/event-stream";
  r.headers.emplace_back("Cache-Control", "no-store");
  r.stream = [client](event_writer& out) { return client->run(out); };
  co_return r;
}

}  // namespace

void add_event_routes(router& to, const event_needs& with) {
  to.add("GET", "/v1/events", [with](const http_request& request) -> reply {
    if (auto refused = refuse_bearer(request)) co_return std::move(*refused);
    co_return admitted(co_await follow_events(with, request));
  });
}

}  // namespace berth::api
