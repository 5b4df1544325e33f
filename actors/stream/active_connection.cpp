#include "actors/stream/active_connection.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace berth::actors {
namespace {

constexpr net::duration first_back_off = std::chrono::milliseconds{500};
constexpr net::duration longest_back_off = std::chrono::seconds{4};
constexpr std::string_view unwatched = "the kernel refused to watch the connection: see fs.epoll.max_user_watches";

}  // namespace

void active_connection::ask(const connect_request& wanted, done_function done, net::time_point now) {
  if (asked_by_)
    return done(reject(errc::connect_failed, "a connection to " + attempt_->to.remote.to_string() + " is under way"));
  if (connected_ && target_->remote == wanted.remote) {
    target_->timeout = wanted.timeout;
    return done(completed{});
  }
  stop_attempt();
  with_.poller.cancel_timer(again_);
  asked_by_ = std::move(done);
  begin({wanted.remote, wanted.timeout}, now);
}

void active_connection::begin(const target& to, net::time_point now) {
  // The device knows the port of the session description: the connection comes from it while that is possible.
  const auto local = with_.local();
  auto made = with_.sockets->connect_tcp(local, to.remote);
  if (!made) made = with_.sockets->connect_tcp(local.with_port(0), to.remote);
  attempt_.emplace().to = to;
  if (!made) return failed(made.error().text, now);
  attempt_->socket = std::move(*made);
  attempt_->registration = with_.poller.add(attempt_->socket.get(), EPOLLOUT, with_.owner, with_.connecting);
  if (attempt_->registration == net::poller::none) return failed(unwatched, now);
  attempt_->timer = with_.poller.start_timer(now + to.timeout, with_.owner, with_.timed_out);
}

void active_connection::stop_attempt() {
  if (!attempt_) return;
  with_.poller.remove(attempt_->socket.get(), attempt_->registration);
  with_.poller.cancel_timer(attempt_->timer);
  attempt_.reset();
}

void active_connection::decided(net::time_point now) {
  if (!attempt_) return;
  const auto to = attempt_->to;
  if (const int error = net::pending_error(attempt_->socket.get()))
    return failed(net::system_error(error, "connect tcp " + to.remote.to_string()).text, now);
  with_.poller.remove(attempt_->socket.get(), attempt_->registration);
  auto socket = std::move(attempt_->socket);
  stop_attempt();
  target_ = to;
  connected_ = false;
  back_off_ = first_back_off;
  if (!with_.take(std::move(socket), to.remote, now)) return failed(unwatched, now);
  connected_ = true;
  if (const auto done = std::exchange(asked_by_, nullptr)) done(completed{});
}

void active_connection::timed_out(net::time_point now) {
  if (!attempt_) return;
  attempt_->timer = net::poller::none;
  failed("no answer from " + attempt_->to.remote.to_string(), now);
}

// Who asked is told. What was there before goes on; what was being made again is.
void active_connection::failed(std::string_view why, net::time_point now) {
  const std::string text{why};
  stop_attempt();
  with_.note(text);
  const auto done = std::exchange(asked_by_, nullptr);
  if (target_ && !connected_) wait_to_try_again(now);
  if (done) done(reject(errc::connect_failed, text));
}

void active_connection::lost(const net::endpoint& peer, net::time_point now) {
  if (!connected_ || peer != target_->remote) return;
  connected_ = false;
  if (!attempt_) wait_to_try_again(now);
}

void active_connection::wait_to_try_again(net::time_point now) {
  again_ = with_.poller.start_timer(now + back_off_, with_.owner, with_.again);
  back_off_ = std::min(back_off_ * 2, longest_back_off);
}

void active_connection::try_again(net::time_point now) {
  again_ = net::poller::none;
  begin(*target_, now);
}

void active_connection::end(const rejection& why) {
  stop_attempt();
  with_.poller.cancel_timer(again_);
  if (const auto done = std::exchange(asked_by_, nullptr)) done(net::failure{why});
}

}  // namespace berth::actors
