#include "api/http/tcp_server.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "api/http/tcp_stream.hpp"

namespace berth::api {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using executor = asio::io_context::executor_type;

// Out of descriptors, for example: the connection waits in the backlog meanwhile.
constexpr std::chrono::milliseconds accept_pause{100};
// Connections beyond the limit that are told so; still more are closed without a word.
constexpr std::size_t most_turned_away = 64;

net::endpoint to_endpoint(const tcp::endpoint& from) {
  return net::endpoint::parse(from.address().to_string(), from.port()).value_or(net::endpoint{});
}

net::unique_fd copy_of(int descriptor) { return net::unique_fd{::fcntl(descriptor, F_DUPFD_CLOEXEC, 0)}; }

tcp family_of(int socket) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size);
  return at.ss_family == AF_INET6 ? tcp::v6() : tcp::v4();
}

/// Connections that were given away. Shared with all of them: they may outlive the server.
using taken_count = std::shared_ptr<std::atomic<std::size_t>>;

std::shared_ptr<void> take_place(const taken_count& taken) {
  ++*taken;
  return {taken.get(), [taken](void*) { --*taken; }};
}

}  // namespace

// Shared by the server and everything it has started, so that a session that ends late still finds its service.
class tcp_server::core : public std::enable_shared_from_this<core> {
 public:
  core(asio::io_context& own, std::function<asio::io_context&()> next, tcp_service service)
      : next_(std::move(next)),
        service_(std::move(service)),
        own_(own.get_executor()),
        acceptor_(own_),
        deadline_(own_) {}

  net::result<std::uint16_t, std::string> listen(std::string_view address, std::uint16_t port);
  std::uint16_t local_port() const noexcept { return port_.load(); }
  std::size_t connections() const {
    const std::lock_guard lock{mutex_};
    return sessions_.size() + *taken_;
  }
  void help(const core& other);
  void stop_helping();
  void speak_for(std::string_view why) const;
  void adopt(taken_connection taken, const make_session& make);
  void stop(std::chrono::milliseconds patience, std::function<void()> done);
  void abandon();

 private:
  struct entry {
    executor on;
    std::weak_ptr<server_session> session;
  };

  error_code open(const tcp::endpoint& at);
  void begin_accepting();
  awaitable<void> accept_loop(std::uint64_t listening);
  void stop_accepting();
  void start(tcp::socket socket, const executor& on);
  void run(const std::shared_ptr<server_session>& session, const executor& on, bool welcome);
  void ended(std::uint64_t id, std::exception_ptr thrown);
  void finish_stop();
  template <class F>
  void for_each_session(F f);

  const std::function<asio::io_context&()> next_;  // of the thread that serves the next connection
  const tcp_service service_;
  executor own_;  // of the acceptor and of stopping
  tcp::acceptor acceptor_;
  asio::steady_timer deadline_;
  std::uint64_t listening_ = 0;  // counts what the acceptor has been: a loop ends with its own
  std::atomic<bool> help_under_way_{false};
  std::atomic<std::uint16_t> port_{0};
  const taken_count taken_ = std::make_shared<std::atomic<std::size_t>>(0);

  mutable std::mutex mutex_;  // guards what follows
  std::unordered_map<std::uint64_t, entry> sessions_;
  std::uint64_t next_id_ = 0;
  bool stopping_ = false;
  std::function<void()> done_;
  net::unique_fd listener_;  ///< the acceptor's own again, for who helps
};

error_code tcp_server::core::open(const tcp::endpoint& at) {
  error_code error;
  stop_accepting();
  acceptor_.open(at.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address{true}, error);  // else TIME_WAIT delays a restart
  if (!error && at.address().is_v6()) acceptor_.set_option(asio::ip::v6_only{!at.address().is_unspecified()}, error);
  if (!error) acceptor_.bind(at, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

net::result<std::uint16_t, std::string> tcp_server::core::listen(std::string_view address, std::uint16_t port) {
  const auto failed = [&](std::string_view why) {
    return net::failure{"cannot listen for " + service_.name + " on " + std::string{address} + " port " +
                        std::to_string(port) + ": " + std::string{why}};
  };
  error_code error;
  const auto ip = asio::ip::make_address(std::string{address}, error);
  if (error) return failed("this is no IP address");
  error = open({ip, port});
  // A machine without IPv6 has no "::".
  if (error == asio::error::address_family_not_supported && ip.is_v6() && ip.is_unspecified())
    error = open({asio::ip::address_v4::any(), port});
  if (error) {
    stop_accepting();
    return failed(error.message());
  }
  const auto bound = acceptor_.local_endpoint(error).port();
  port_ = bound;
  {
    const std::lock_guard lock{mutex_};
    listener_ = copy_of(acceptor_.native_handle());
  }
  begin_accepting();
  return bound;
}

void tcp_server::core::help(const core& other) {
  if (help_under_way_.exchange(true)) return;
  auto listener = [&] {
    const std::lock_guard lock{other.mutex_};
    return copy_of(other.listener_.get());
  }();
  if (!listener) {
    help_under_way_ = false;
    return;
  }
  const auto family = family_of(listener.get());
  asio::post(own_, [self = shared_from_this(), family,
                    listener = std::make_shared<net::unique_fd>(std::move(listener))]() mutable {
    self->help_under_way_ = false;
    {
      const std::lock_guard lock{self->mutex_};
      if (self->stopping_) return;
    }
    if (self->acceptor_.is_open()) return;
    error_code error;
    self->acceptor_.assign(family, listener->get(), error);
    if (error) return;
    static_cast<void>(listener->release());
    self->begin_accepting();
  });
}

void tcp_server::core::stop_helping() {
  asio::post(own_, [self = shared_from_this()] {
    if (self->local_port() == 0) self->stop_accepting();
  });
}

void tcp_server::core::speak_for(std::string_view why) const {
  std::vector<std::shared_ptr<server_session>> all;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [id, e] : sessions_)
      if (auto session = e.session.lock()) all.push_back(std::move(session));
  }
  for (const auto& session : all) session->speak_for(why);
}

void tcp_server::core::begin_accepting() {
  asio::co_spawn(
      own_,
      [self = shared_from_this(), listening = ++listening_]() -> awaitable<void> {
        co_await self->accept_loop(listening);
      },
      asio::detached);
}

// Not close(): where another descriptor holds the same socket, that would leave it in the poller.
void tcp_server::core::stop_accepting() {
  if (!acceptor_.is_open()) return;
  error_code error;
  const net::unique_fd released{acceptor_.release(error)};
}

awaitable<void> tcp_server::core::accept_loop(std::uint64_t listening) {
  const auto listens = [&] { return acceptor_.is_open() && listening == listening_; };
  while (listens()) {
    auto on = next_().get_executor();
    auto [error, socket] = co_await acceptor_.async_accept(on, asio::as_tuple(asio::use_awaitable));
    if (!error) {
      try {
        start(std::move(socket), on);
      } catch (const std::exception& e) {
        if (service_.log) service_.log("a connection of " + service_.name + " could not be served: " + e.what());
      }
    } else if (listens() && error != asio::error::connection_aborted) {
      asio::steady_timer pause{own_, accept_pause};
      co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }
}

void tcp_server::core::start(tcp::socket socket, const executor& on) {
  error_code error;
  const auto peer = to_endpoint(socket.remote_endpoint(error));
  const auto local = to_endpoint(socket.local_endpoint(error));
  const auto session = service_.make(std::make_shared<tcp_stream>(std::move(socket)), peer, local,
                                     [taken = taken_] { return take_place(taken); });
  const auto limit = service_.max_connections();
  const auto open = connections();
  if (open < limit + most_turned_away) run(session, on, open < limit);
}

void tcp_server::core::adopt(taken_connection taken, const make_session& make) {
  const auto on = next_().get_executor();
  error_code error;
  tcp::socket socket{on};
  socket.assign(family_of(taken.socket.get()), taken.socket.get(), error);
  if (error) return;
  static_cast<void>(taken.socket.release());
  run(make(std::make_shared<tcp_stream>(std::move(socket))), on, true);
}

void tcp_server::core::run(const std::shared_ptr<server_session>& session, const executor& on, bool welcome) {
  std::uint64_t id = 0;
  {
    const std::lock_guard lock{mutex_};
    if (stopping_) return;
    id = next_id_++;
    sessions_.emplace(id, entry{on, session});
  }
  asio::co_spawn(
      on, [session, welcome] { return welcome ? session->run() : session->turn_away(); },
      [self = shared_from_this(), id](std::exception_ptr thrown) { self->ended(id, thrown); });
}

void tcp_server::core::ended(std::uint64_t id, std::exception_ptr thrown) {
  if (thrown && service_.log) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      service_.log("a connection of " + service_.name + " was ended by an exception: " + e.what());
    } catch (...) {
      service_.log("a connection of " + service_.name + " was ended by an exception of an unknown type");
    }
  }
  bool last = false;
  {
    const std::lock_guard lock{mutex_};
    sessions_.erase(id);
    last = stopping_ && sessions_.empty();
  }
  if (last) asio::post(own_, [self = shared_from_this()] { self->finish_stop(); });
}

template <class F>
void tcp_server::core::for_each_session(F f) {
  const std::lock_guard lock{mutex_};
  for (const auto& [id, e] : sessions_)
    asio::post(e.on, [weak = e.session, f] {
      if (const auto session = weak.lock()) f(*session);
    });
}

void tcp_server::core::stop(std::chrono::milliseconds patience, std::function<void()> done) {
  asio::post(own_, [self = shared_from_this(), patience, done = std::move(done)]() mutable {
    bool none = false;
    {
      const std::lock_guard lock{self->mutex_};
      if (std::exchange(self->stopping_, true)) return;
      self->done_ = std::move(done);
      self->listener_.reset();
      none = self->sessions_.empty();
    }
    self->stop_accepting();
    if (none) return self->finish_stop();
    self->for_each_session([](server_session& session) { session.stop(); });
    self->deadline_.expires_after(patience);
    self->deadline_.async_wait([self](error_code cancelled) {
      if (!cancelled) self->finish_stop();
    });
  });
}

void tcp_server::core::finish_stop() {
  deadline_.cancel();
  for_each_session([](server_session& session) { session.abort(); });
  std::function<void()> done;
  {
    const std::lock_guard lock{mutex_};
    done.swap(done_);
  }
  if (done) done();
}

void tcp_server::core::abandon() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
    listener_.reset();
  }
  asio::post(own_, [self = shared_from_this()] {
    self->stop_accepting();
    self->for_each_session([](server_session& session) { session.abort(); });
  });
}

tcp_server::tcp_server(asio::io_context& io, tcp_service service)
    : core_(std::make_shared<core>(
          io, [&io]() -> auto& { return io; }, std::move(service))) {}

tcp_server::tcp_server(asio::io_context& accepts, context_pool& serve, tcp_service service)
    : core_(std::make_shared<core>(
          accepts, [&serve]() -> auto& { return serve.next(); }, std::move(service))) {}

tcp_server::~tcp_server() { core_->abandon(); }

net::result<std::uint16_t, std::string> tcp_server::listen(std::string_view address, std::uint16_t port) {
  return core_->listen(address, port);
}

void tcp_server::help(const tcp_server& other) { core_->help(*other.core_); }
void tcp_server::stop_helping() { core_->stop_helping(); }
void tcp_server::speak_for(std::string_view why) const { core_->speak_for(why); }
void tcp_server::adopt(taken_connection taken, const make_session& make) { core_->adopt(std::move(taken), make); }

std::uint16_t tcp_server::local_port() const noexcept { return core_->local_port(); }
std::size_t tcp_server::connections() const { return core_->connections(); }

void tcp_server::stop(std::chrono::milliseconds patience, std::function<void()> done) {
  core_->stop(patience, std::move(done));
}

}  // namespace berth::api
