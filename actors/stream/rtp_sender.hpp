// Sends one stream to one receiver: the mirror image of a stream.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "actors/contract/promise.hpp"
#include "actors/contract/supervision.hpp"
#include "actors/stream/hosting.hpp"
#include "net/io/socket_factory.hpp"
#include "net/rtp/resting_senders.hpp"

namespace berth::actors {

struct rtp_sender_options {
  sending what;
  net::endpoint local;  ///< bind address of TCP, and of RTCP
  net::socket_factory* sockets = nullptr;
  std::function<net::wall_time()> wall_now;
  net::duration silence{};  ///< how long a stranger to its port must be silent before it is the receiver
};

/// Owns its sockets: UDP, or a TCP connection made or accepted. Begins when it is told to; ends with its stream, when
/// its receiver is gone or takes nothing, or when it is told to. Then the reason stands in the shared state, and so do
/// the UDP sockets, for the supervisor, which finds both at the down message.
/// Spawned by the supervisor's `senders`; all its code runs on its reactor's thread.
class rtp_sender final : public hosted_actor<sender_actor> {
 public:
  rtp_sender(caf::actor_config& config, const berth_host& host, rtp_sender_options options)
      : hosted_actor(config, host), options_(std::move(options)) {}

  const char* name() const override { return "rtp_sender"; }
  behavior make_behavior() override;
  void on_exit() override;

  void on_ready(std::uint32_t tag, std::uint32_t events, net::time_point now) override;
  void on_timer(std::uint32_t tag, net::time_point now) override;

 private:
  /// What a socket or a timer of this actor is known by to the poller.
  enum : std::uint32_t { tag_rtp, tag_rtcp, tag_listener, tag_connection, tag_patience, tag_pace, tag_tick };

  using begin_promise = promise<outcome<completed>>;

  sending_state& shared() noexcept { return *options_.what.shared; }
  const send_request& request() const noexcept { return options_.what.request; }
  net::rtp_pump& pump() noexcept { return *options_.what.pump; }

  caf::result<outcome<completed>> begin();
  void begin_udp(net::time_point now);
  caf::result<outcome<completed>> connect(net::time_point now);
  void connect_decided(net::time_point now);
  void accept(net::time_point now);
  void adopt(net::unique_fd socket, const net::endpoint& remote, net::time_point now);
  void send_to(const net::endpoint& remote, net::time_point now);
  void proceed(net::time_point now);
  void watch_for_room(bool wanted);
  void read_connection();
  void read_datagrams(int fd, bool rtp, net::time_point now);
  void judge_errors(net::time_point now);
  void report(net::time_point now);
  void finish(send_end end, std::string text);

  rtp_sender_options options_;
  // owned
  net::unique_fd connection_;
  net::unique_fd rtcp_;
  // state
  net::poller::key rtp_key_ = net::poller::none;
  net::poller::key rtcp_key_ = net::poller::none;
  net::poller::key listener_key_ = net::poller::none;
  net::poller::key connection_key_ = net::poller::none;
  net::poller::key patience_ = net::poller::none;
  net::poller::key pace_ = net::poller::none;
  net::poller::key tick_ = net::poller::none;
  std::optional<begin_promise> connecting_for_;
  net::endpoint remote_;
  net::resting_senders resting_;
  bool sending_ = false;
  bool finished_ = false;
  bool want_room_ = false;
  net::time_point last_progress_{};  // a byte was taken, or there was none to take
  std::uint64_t bytes_before_ = 0;
  net::time_point last_report_{};   // of the receiver
  net::time_point report_due_{};    // of ours
  net::time_point newest_frame_{};  // when it was sent
  std::optional<net::time_point> trouble_since_;
  net::time_point last_trouble_{};
};

}  // namespace berth::actors
