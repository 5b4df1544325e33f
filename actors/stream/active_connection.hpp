// The TCP connection that a stream makes to where its media is.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "actors/contract/rejection.hpp"
#include "actors/contract/supervision.hpp"
#include "net/base/endpoint.hpp"
#include "net/base/time.hpp"
#include "net/base/unique_fd.hpp"
#include "net/io/poller.hpp"
#include "net/io/socket_factory.hpp"

namespace berth::actors {

/// A try to reach a device, under way.
struct connection_attempt {
  struct target {
    net::endpoint remote;
    net::duration timeout;
  } to;
  net::unique_fd socket;
  net::poller::key registration = net::poller::none;
  net::poller::key timer = net::poller::none;
};

/// Asked for by somebody, who is told what came of it, and made again by itself whenever it is lost. What is asked for
/// takes the place of what was there when it stands, and not before: a device that can not be reached costs nobody the
/// one that can.
/// A part of a stream; its reactor's thread only. end() before the stream is down.
class active_connection {
 public:
  using done_function = std::function<void(outcome<completed>)>;

  /// What it works with; `owner` gets on_ready(connecting) and on_timer(timed_out, again) and hands them on.
  struct means {
    net::poller& poller;
    net::io_handler& owner;
    std::uint32_t connecting, timed_out, again;  ///< tags
    net::socket_factory* sockets;
    std::function<net::endpoint()> local;  ///< from where, if that is possible
    /// Takes a connection that stands, in place of all others; false if it can not.
    std::function<bool(net::unique_fd socket, const net::endpoint& remote, net::time_point now)> take;
    std::function<void(std::string_view)> note;  ///< why there is none
  };

  explicit active_connection(means with) : with_(std::move(with)) {}
  active_connection(const active_connection&) = delete;
  active_connection& operator=(const active_connection&) = delete;

  /// Calls `done` once: at once if the connection is there, or another one is under way that was asked for.
  void ask(const connect_request& wanted, done_function done, net::time_point now);
  void decided(net::time_point now);
  void timed_out(net::time_point now);
  void try_again(net::time_point now);
  /// A connection of the stream is gone, perhaps this one.
  void lost(const net::endpoint& peer, net::time_point now);
  /// The stream ends: `why` is the answer to who still waits for one.
  void end(const rejection& why);

 private:
  using target = connection_attempt::target;

  void begin(const target& to, net::time_point now);
  void stop_attempt();
  void failed(std::string_view why, net::time_point now);
  void wait_to_try_again(net::time_point now);

  means with_;
  std::optional<target> target_;  // of the last one that stood
  bool connected_ = false;
  std::optional<connection_attempt> attempt_;
  done_function asked_by_;
  net::poller::key again_ = net::poller::none;
  net::duration back_off_{};
};

}  // namespace berth::actors
