// The berth itself: one actor that owns the sockets of one stream.
#pragma once

#include <memory>
#include <optional>

#include "actors/contract/mooring.hpp"
#include "actors/contract/stream_status.hpp"
#include "actors/contract/supervision.hpp"
#include "actors/stream/active_connection.hpp"
#include "actors/stream/deadline_timer.hpp"
#include "actors/stream/hosting.hpp"
#include "actors/stream/intake.hpp"
#include "actors/stream/talk.hpp"
#include "net/ingest/media_receiver.hpp"
#include "net/io/socket_factory.hpp"
#include "net/rtp/ssrc_demultiplexer.hpp"
#include "net/rtp/tcp_connections.hpp"

namespace berth::actors {

struct stream_options {
  stream_key key;
  generation_t generation = 0;
  net::rtp_receiver::options receiver;
  net::duration silence{};  ///< how long the mooring's strangers must be silent before they are heard
  std::size_t max_tcp_frame = 0;
  net::media_options media;
  track_filter only_track = track_filter::all;
  net::socket_factory* sockets = nullptr;  ///< for TCP active
  /// Set for a stream that a shared port feeds: then it has no sockets of its own.
  std::shared_ptr<net::ssrc_demultiplexer> feed;
  std::uint32_t fed_ssrc = 0;
};

/// Receives one stream: UDP with RTCP, TCP connections accepted or made, or what a shared port feeds it.
/// Spawned and closed by the supervisor, which keeps the only strong handle; all its code runs on its reactor's thread.
/// When it ends, its descriptors are out of the poller, its connections are closed, and the bound sockets wait in the
/// mooring for the supervisor, which finds them there at the down message.
class stream final : public hosted_actor<stream_actor>, private net::packet_sink {
 public:
  stream(caf::actor_config& config, const berth_host& host, std::shared_ptr<mooring> shared, stream_options options,
         weak_handle<overseer_actor> supervisor);

  const char* name() const override { return "stream"; }
  behavior make_behavior() override;
  void on_exit() override;

  void on_ready(std::uint32_t tag, std::uint32_t events, net::time_point now) override;
  void on_timer(std::uint32_t tag, net::time_point now) override;

 private:
  /// What a socket or a timer of this actor is known by to the poller.
  enum : std::uint32_t {
    tag_rtp,
    tag_rtcp,
    tag_listener,
    tag_connecting,
    tag_connect_timeout,
    tag_reconnect,
    tag_media,
    tag_talk
  };

  void deliver(net::bytes_view bytes, const net::endpoint& from, net::time_point arrival, bool over_tcp) override;
  void moor();
  void read_rtp(net::time_point now);
  void read_rtcp(net::time_point now);
  void send_report(net::time_point now);
  void tell_supervisor();
  // media
  void take_media(const net::accepted_packet& packet, net::time_point now);
  void begin_media(const publish_options& options);
  void end_media_batch(net::time_point now);
  void note(std::string_view reason);

  // what it sends back
  outcome<completed> talk_back(const begin_talk& command);
  void proceed_talking(net::time_point now);
  void part_with_talk();

  // TCP active
  caf::result<outcome<completed>> connect(const connect_request& command);
  bool take_connection(net::unique_fd socket, const net::endpoint& remote, net::time_point now);
  void connection_ended(const net::endpoint& peer, int system_errno);

  // given
  std::shared_ptr<mooring> shared_;
  stream_options options_;
  weak_handle<overseer_actor> supervisor_;
  // owned
  intake intake_;
  net::tcp_connections connections_;
  active_connection active_;
  net::live_media_ptr media_;                            // from the first packet on
  std::unique_ptr<net::media_receiver> media_receiver_;  // likewise
  deadline_timer media_timer_;
  // state
  net::poller::key rtp_ = net::poller::none;
  net::poller::key rtcp_ = net::poller::none;
  net::poller::key listener_ = net::poller::none;
  net::endpoint reports_to_;  // where the sender's RTCP comes from
  bool media_complete_ = false;
  net::codec passed_over_ = net::codec::unknown;  // as it was noted
  std::optional<talk> talk_;
  afterwards sender_after_ = afterwards::heard;
};

}  // namespace berth::actors
