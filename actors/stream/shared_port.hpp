// One port that carries many streams, each named by its SSRC.
#pragma once

#include <memory>

#include "actors/contract/mooring.hpp"
#include "actors/contract/supervision.hpp"
#include "actors/stream/hosting.hpp"
#include "net/rtp/resting_senders.hpp"
#include "net/rtp/ssrc_demultiplexer.hpp"
#include "net/rtp/tcp_connections.hpp"

namespace berth::actors {

struct shared_port_options {
  stream_key key;
  generation_t generation = 0;
  std::size_t max_tcp_frame = 0;
  std::size_t max_connections = 4096;
  net::duration silence{};  ///< how long the sender of an ended stream must be silent before it is heard again
};

/// Owns the sockets of a shared port, routes what they receive, and announces new SSRCs to the supervisor together with
/// its demultiplexer; the answer is a stream on the same reactor that attaches itself there, or a refusal. Spawned and
/// closed by the supervisor; all its code runs on its reactor's thread. The demultiplexer outlives it in the hands of
/// its streams, closed.
class shared_port final : public hosted_actor<shared_port_actor> {
 public:
  shared_port(caf::actor_config& config, const berth_host& host, std::shared_ptr<mooring> shared,
              shared_port_options options, weak_handle<overseer_actor> supervisor);

  const char* name() const override { return "shared_port"; }
  behavior make_behavior() override;
  void on_exit() override;

  void on_ready(std::uint32_t tag, std::uint32_t events, net::time_point now) override;
  void on_timer(std::uint32_t, net::time_point) override {}

 private:
  /// What a socket or a timer of this actor is known by to the poller.
  enum : std::uint32_t { tag_rtp, tag_listener };

  bool route(net::bytes_view bytes, const net::endpoint& from, net::time_point arrival, bool over_tcp);
  void read_rtp(net::time_point now);

  std::shared_ptr<mooring> shared_;
  shared_port_options options_;
  weak_handle<overseer_actor> supervisor_;
  std::shared_ptr<net::ssrc_demultiplexer> demultiplexer_;
  net::tcp_connections connections_;
  net::resting_senders resting_;
  net::poller::key rtp_ = net::poller::none;
  net::poller::key listener_ = net::poller::none;
  net::time_point last_accepted_{};
};

}  // namespace berth::actors
