#include "api/hooks/hook_client.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "api/hooks/hook_connection.hpp"

namespace berth::api {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using actors::hook_delivery;
using actors::hook_outcome;
using delivery_ptr = std::shared_ptr<const hook_delivery>;
using connection_ptr = std::shared_ptr<hook_connection>;
using std::chrono::steady_clock;

// Receivers commonly close idle connections after a minute; one that is kept for longer would only be found closed.
constexpr auto longest_idle = std::chrono::seconds{50};

struct target {
  bool tls = false;
  std::string host, port;  // host without brackets
  std::string authority;   // as it stands in the Host header
  std::string path;
};

std::optional<target> parse_target(const std::string& url) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed || (parsed->scheme() != "http" && parsed->scheme() != "https") || parsed->host().empty()) return {};
  target t;
  t.tls = parsed->scheme() == "https";
  t.host = parsed->host_address();
  t.port = parsed->port().empty() ? std::string{t.tls ? "443" : "80"} : std::string{parsed->port()};
  t.authority = parsed->encoded_host_and_port();
  const std::string resource{parsed->encoded_resource()};
  t.path = resource.substr(0, resource.find('#'));
  if (!t.path.starts_with('/')) t.path.insert(0, "/");
  return t;
}

// A virtual host is a text from outside: one that is no header value is left out.
bool is_header_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

hook_connection::request make_request(const target& to, const hook_delivery& d, std::string body) {
  hook_connection::request r{http::verb::post, to.path, 11};
  r.set(http::field::host, to.authority);
  r.set(http::field::user_agent, "Berth");
  r.set(http::field::accept, "*/*");
  r.set(http::field::content_type, "application/json");
  if (d.event && d.event->stream && is_header_value(d.event->stream->key.vhost))
    r.set("X-VHOST", d.event->stream->key.vhost);
  r.set("X-Berth-Hook-Id", std::to_string(d.id));
  r.set("X-Berth-Hook-Attempt", std::to_string(d.attempt));
  if (const auto& secret = d.settings->secret; !secret.empty())
    r.set("X-Berth-Signature", hook_signature(secret, body));
  r.body() = std::move(body);
  r.prepare_payload();
  return r;
}

/// One try under way, and its deadline. Touched on the strand only.
struct hook_attempt {
  explicit hook_attempt(const asio::any_io_executor& executor) : deadline(executor) {}

  asio::steady_timer deadline;
  connection_ptr connection;
  bool abandoned = false;

  void abandon() {
    abandoned = true;
    deadline.cancel();
    if (connection) connection->close();
  }
};

}  // namespace

class hook_client::core : public std::enable_shared_from_this<core> {
 public:
  core(asio::io_context& io, body_source body, asio::ssl::context trust)
      : strand_(asio::make_strand(io)), body_(std::move(body)), trust_(std::move(trust)) {}

  void post(delivery_ptr delivery, std::function<void(hook_outcome)> done);
  void stop();

 private:
  using strand = asio::strand<asio::io_context::executor_type>;
  using attempt_ptr = std::shared_ptr<hook_attempt>;

  asio::awaitable<void> run(delivery_ptr delivery, std::uint64_t token);
  asio::awaitable<hook_outcome> attempt(hook_attempt& state, const hook_delivery& delivery);
  void complete(std::uint64_t token, hook_outcome outcome);
  bool stopped();
  connection_ptr take_idle(const std::string& receiver);
  void keep(const std::string& receiver, connection_ptr connection, std::size_t limit);

  strand strand_;
  const body_source body_;
  // on the strand
  asio::ssl::context trust_;
  std::set<attempt_ptr> attempts_;
  std::map<std::string, std::vector<connection_ptr>> idle_;
  // everywhere
  std::mutex mutex_;
  bool stopped_ = false;
  std::uint64_t last_token_ = 0;
  std::map<std::uint64_t, std::function<void(hook_outcome)>> outstanding_;
};

// ---- whoever posts ------------------------------------------------------------------------------------------------

void hook_client::core::post(delivery_ptr delivery, std::function<void(hook_outcome)> done) {
  std::uint64_t token = 0;
  {
    const std::lock_guard lock{mutex_};
    if (!stopped_) outstanding_.emplace(token = ++last_token_, std::move(done));
  }
  if (token == 0) return done(hook_outcome::failed("the hook client has stopped"));
  asio::co_spawn(
      strand_, [self = shared_from_this(), delivery, token] { return self->run(delivery, token); }, asio::detached);
}

void hook_client::core::complete(std::uint64_t token, hook_outcome outcome) {
  decltype(outstanding_)::node_type done;
  {
    const std::lock_guard lock{mutex_};
    done = outstanding_.extract(token);
  }
  if (done) done.mapped()(std::move(outcome));
}

void hook_client::core::stop() {
  decltype(outstanding_) outstanding;
  {
    const std::lock_guard lock{mutex_};
    if (std::exchange(stopped_, true)) return;
    outstanding.swap(outstanding_);
  }
  asio::post(strand_, [self = shared_from_this()] {
    for (const auto& a : self->attempts_) a->abandon();
    for (auto& [receiver, connections] : self->idle_)
      for (auto& c : connections) c->close();
    self->idle_.clear();
  });
  for (auto& [token, done] : outstanding) done(hook_outcome::failed("the hook client has stopped"));
}

bool hook_client::core::stopped() {
  const std::lock_guard lock{mutex_};
  return stopped_;
}

// ---- on the strand ------------------------------------------------------------------------------------------------

asio::awaitable<void> hook_client::core::run(delivery_ptr delivery, std::uint64_t token) {
  const auto self = shared_from_this();  // the frame may outlive everything else that holds it
  if (stopped()) co_return;
  const auto state = std::make_shared<hook_attempt>(strand_);
  const auto timeout = delivery->settings->timeout;
  state->deadline.expires_after(timeout);
  state->deadline.async_wait([self, state, token, timeout](boost::system::error_code cancelled) {
    if (cancelled || state->abandoned) return;
    const auto seconds = std::chrono::duration<double>(timeout).count();
    auto text = "no answer within " + std::to_string(seconds) + " s";
    if (state->connection) text += ", while " + std::string{state->connection->phase()};
    state->abandon();
    self->complete(token, hook_outcome::failed(std::move(text)));
  });
  attempts_.insert(state);
  auto outcome = hook_outcome::failed({});
  try {
    outcome = co_await attempt(*state, *delivery);
  } catch (const std::exception& e) {
    outcome = hook_outcome::failed(e.what());
  }
  state->deadline.cancel();
  attempts_.erase(state);
  complete(token, std::move(outcome));
}

asio::awaitable<hook_outcome> hook_client::core::attempt(hook_attempt& state, const hook_delivery& delivery) {
  const auto to = parse_target(delivery.url);
  if (!to) co_return hook_outcome::failed("not an http or https URL");
  const auto receiver = actors::receiver_of(delivery.url);
  const auto request = make_request(*to, delivery, body_(delivery));

  state.connection = take_idle(receiver);
  for (bool reused = state.connection != nullptr;; reused = false) {
    if (!reused) {
      state.connection = std::make_shared<hook_connection>(strand_, trust_, to->tls);
      if (const auto error = co_await state.connection->open(to->host, to->port)) {
        state.connection->close();
        co_return hook_outcome::failed(std::string{state.connection->phase()} + ": " + error.message());
      }
    }
    auto answer = co_await state.connection->exchange(request);
    if (!answer.error) {
      if (answer.reusable && !state.abandoned)
        keep(receiver, state.connection, delivery.settings->max_connections);
      else
        state.connection->close();
      co_return hook_answer(answer.status, answer.body);
    }
    state.connection->close();
    // A receiver may close a kept connection whenever it likes, and that is no failure of this try.
    if (!reused || answer.begun || state.abandoned)
      co_return hook_outcome::failed(std::string{state.connection->phase()} + ": " + answer.error.message());
  }
}

connection_ptr hook_client::core::take_idle(const std::string& receiver) {
  const auto oldest = steady_clock::now() - longest_idle;
  for (auto& [name, connections] : idle_)
    std::erase_if(connections, [oldest](const connection_ptr& c) { return c->idle_since < oldest; });
  std::erase_if(idle_, [](const auto& i) { return i.second.empty(); });
  const auto found = idle_.find(receiver);
  if (found == idle_.end()) return nullptr;
  const auto newest = found->second.back();
  found->second.pop_back();
  return newest;
}

void hook_client::core::keep(const std::string& receiver, connection_ptr connection, std::size_t limit) {
  if (stopped()) return connection->close();
  auto& connections = idle_[receiver];
  if (connections.size() >= limit) return connection->close();
  connection->idle_since = steady_clock::now();
  connections.push_back(std::move(connection));
}

// ---- the client ---------------------------------------------------------------------------------------------------

hook_client::hook_client(asio::io_context& io, body_source body, asio::ssl::context trust)
    : core_(std::make_shared<core>(io, std::move(body), std::move(trust))) {}

hook_client::~hook_client() { stop(); }

void hook_client::post(delivery_ptr delivery, std::function<void(hook_outcome)> done) {
  core_->post(std::move(delivery), std::move(done));
}

void hook_client::stop() { core_->stop(); }

asio::ssl::context hook_client::system_trust() {
  asio::ssl::context trust{asio::ssl::context::tls_client};
  boost::system::error_code ignored;  // without a store no certificate is trusted, which says so by itself
  trust.set_default_verify_paths(ignored);
  return trust;
}

}  // namespace berth::api
