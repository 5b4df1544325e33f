#include "actors/stream/stream.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "actors/contract/promise.hpp"

namespace berth::actors {
namespace {

constexpr int batches_per_turn = 4;

net::track_wish wish_of(track_filter only) {
  if (only == track_filter::audio) return net::track_wish::audio;
  return only == track_filter::video ? net::track_wish::video : net::track_wish::all;
}

}  // namespace

stream::stream(caf::actor_config& config, const berth_host& host, std::shared_ptr<mooring> shared,
               stream_options options, weak_handle<overseer_actor> supervisor)
    : hosted_actor(config, host),
      shared_(std::move(shared)),
      options_(std::move(options)),
      supervisor_(std::move(supervisor)),
      intake_(
          *shared_, options_.receiver, [this] { tell_supervisor(); },
          [this](const net::accepted_packet& packet, net::time_point now) { take_media(packet, now); }),
      connections_(
          poller(), *this, shared_->counters, {.max_frame = options_.max_tcp_frame},
          [this](const net::tcp_frame& frame, const net::endpoint& peer, net::time_point now) {
            if (frame.rtcp) {
              intake_.take_rtcp(frame.bytes, peer, now);
              return false;
            }
            return intake_.take(frame.bytes, peer, now, true);
          },
          [this](const net::endpoint& peer, int why) { connection_ended(peer, why); }),
      active_({poller(), *this, tag_connecting, tag_connect_timeout, tag_reconnect, options_.sockets,
               [this] { return shared_->ports.local; },
               [this](net::unique_fd socket, const net::endpoint& remote, net::time_point now) {
                 return take_connection(std::move(socket), remote, now);
               },
               [this](std::string_view why) { note(why); }}),
      media_timer_(poller(), *this, tag_media) {}

stream::behavior stream::make_behavior() {
  moor();
  return {[this](const close_command& command) {
            sender_after_ = command.sender;
            quit();
          },
          [this](const publish_grant& grant) { begin_media(grant.options); },
          [this](const begin_talk& command) { return talk_back(command); },
          [this](const end_talk& command) {
            if (!talk_ || talk_->id() != command.id) return;
            talk_->end(send_end::stopped, "", clock().now());
            part_with_talk();
          },
          [this](const media_came&) { proceed_talking(clock().now()); },
          [this](const update_ssrc_request& filter) {
            intake_.receiver().set_ssrc_filter(filter.ssrc);
            return outcome<completed>{completed{}};
          },
          [this](const connect_request& command) { return connect(command); }};
}

void stream::moor() {
  if (options_.feed) {
    if (!options_.feed->attach(options_.fed_ssrc, *this)) {
      note("the shared port was closed");
      quit(caf::exit_reason::user_shutdown);
    }
    return;
  }
  const auto& ports = shared_->ports;
  const auto now = clock().now();
  intake_.receiver().rest(shared_->strangers, options_.silence, now);
  rtp_ = poller().add(ports.rtp.get(), EPOLLIN, *this, tag_rtp);
  if (ports.rtcp) rtcp_ = poller().add(ports.rtcp.get(), EPOLLIN, *this, tag_rtcp);
  if (ports.listener) listener_ = poller().add(ports.listener.get(), EPOLLIN, *this, tag_listener);
  if (rtp_ == net::poller::none || (ports.rtcp && rtcp_ == net::poller::none) ||
      (ports.listener && listener_ == net::poller::none)) {
    note("the kernel refused to watch the sockets: see fs.epoll.max_user_watches");
    quit(caf::exit_reason::unhandled_exception);
  }
}

void stream::on_exit() {
  media_timer_.cancel();
  if (media_receiver_) media_receiver_->end(clock().now());
  if (talk_) {
    if (talk_->begun())
      talk_->end(send_end::reset, "the stream that it went back through ended", clock().now());
    else
      talk_->end(send_end::timed_out, "wait tcp connection timeout", clock().now());
    talk_.reset();
  }
  connections_.close_all();
  active_.end({errc::stream_ended, to_string(options_.key) + " was closed meanwhile", {}});
  shared_->strangers = intake_.receiver().resting(clock().now());
  shared_->several = intake_.receiver().several();
  auto& ports = shared_->ports;
  poller().remove(ports.rtp.get(), rtp_);
  poller().remove(ports.rtcp.get(), rtcp_);
  poller().remove(ports.listener.get(), listener_);
  ports.listener.reset();
  if (options_.feed) {
    const auto now = clock().now();
    options_.feed->detach(options_.fed_ssrc, *this, intake_.receiver().source(), sender_after_ == afterwards::rests,
                          now);
    if (sender_after_ == afterwards::heard_later) options_.feed->refuse(options_.fed_ssrc, now);
    options_.feed.reset();
  }
}

void stream::on_ready(std::uint32_t tag, std::uint32_t events, net::time_point now) {
  if (!enter()) return;
  switch (tag) {
    case tag_rtp:
      read_rtp(now);
      if ((events & EPOLLOUT) != 0) proceed_talking(now);
      break;
    case tag_rtcp:
      read_rtcp(now);
      break;
    case tag_listener:
      connections_.accept_from(shared_->ports.listener.get(), now);
      proceed_talking(now);
      break;
    case tag_connecting:
      active_.decided(now);
      break;
    default:
      connections_.on_ready(tag, buffers().tcp, now);
      end_media_batch(now);
      if ((events & EPOLLOUT) != 0) proceed_talking(now);
  }
}

void stream::on_timer(std::uint32_t tag, net::time_point now) {
  if (!enter()) return;
  if (tag == tag_media) {
    media_timer_.fired();
    media_receiver_->expire(now);
    end_media_batch(now);
    return;
  }
  if (tag == tag_talk) {
    if (talk_) talk_->pace_is_over(now);
    part_with_talk();
    return;
  }
  if (tag == tag_connect_timeout)
    active_.timed_out(now);
  else
    active_.try_again(now);
}

void stream::deliver(net::bytes_view bytes, const net::endpoint& from, net::time_point arrival, bool over_tcp) {
  if (!enter()) return;
  intake_.take(bytes, from, arrival, over_tcp);
  end_media_batch(arrival);
}

void stream::read_rtp(net::time_point now) {
  auto& udp = buffers().udp;
  const int fd = shared_->ports.rtp.get();
  for (int batch = 0; batch < batches_per_turn; ++batch) {
    const auto count = udp.read(fd, now);
    for (std::size_t i = 0; i < count; ++i) {
      const auto& d = udp[i];
      if (d.truncated)
        intake_.take_truncated(d.arrival);
      else
        intake_.take(d.bytes, d.from, d.arrival, false);
    }
    if (udp.kernel_drops() != 0) shared_->counters.kernel_drops.set(shared_->ports.drops_since(udp.kernel_drops()));
    if (!udp.more()) {
      end_media_batch(now);
      send_report(now);
      if (talk_ && !talk_->begun()) proceed_talking(now);
      return;
    }
  }
  poller().leave_unfinished();
  end_media_batch(now);
  send_report(now);
}

void stream::read_rtcp(net::time_point now) {
  auto& udp = buffers().udp;
  const auto count = udp.read(shared_->ports.rtcp.get(), now);
  for (std::size_t i = 0; i < count; ++i) {
    if (udp[i].from.same_address(intake_.receiver().source())) reports_to_ = udp[i].from;
    intake_.take_rtcp(udp[i].bytes, udp[i].from, now);
  }
  send_report(now);
}

void stream::send_report(net::time_point now) {
  // A new filter or connection makes the stream forget whom it has heard.
  const auto& source = intake_.receiver().source();
  if (!shared_->ports.rtcp || !source.is_set()) return;
  std::array<std::uint8_t, 320> out;
  const auto size = intake_.report(out, now);
  if (size == 0) return;
  // A sender that moved takes its RTCP port with it; until it has sent RTCP, that is its RTP port + 1 (RFC 3550 11).
  const auto to = reports_to_.is_set() && reports_to_.same_address(source)
                      ? reports_to_
                      : source.with_port(static_cast<std::uint16_t>(source.port() + 1));
  // A report that can not be sent is one report less: the next one says the same.
  net::send_datagram(shared_->ports.rtcp.get(), {out.data(), size}, to);
}

void stream::tell_supervisor() {
  supervisor_.tell(stream_notice{options_.key, options_.generation, media_, media_complete_});
}

// ---- media --------------------------------------------------------------------------------------------------------

void stream::take_media(const net::accepted_packet& packet, net::time_point now) {
  if (!media_receiver_) {
    media_ = std::make_shared<net::live_media>(options_.media);
    media_receiver_ =
        std::make_unique<net::media_receiver>(media_, options_.media, wish_of(options_.only_track), [this] {
          media_complete_ = true;
          tell_supervisor();
        });
  }
  media_receiver_->take(packet, now);
}

void stream::begin_media(const publish_options& options) {
  if (!media_receiver_) return;
  const auto now = clock().now();
  media_receiver_->begin({.stamps = static_cast<net::stamp_mode>(options.modify_stamp),
                          .audio = options.enable_audio,
                          .silence = options.add_mute_audio},
                         now);
  end_media_batch(now);
}

// Readers are woken once for all that came in one go, and the time to look again is settled.
void stream::end_media_batch(net::time_point now) {
  if (!media_receiver_) return;
  media_receiver_->end_batch(now);
  if (const auto other = media_receiver_->passed_over(); other != passed_over_) {
    passed_over_ = other;
    note(std::string{net::to_string(other)} + " comes in, which is not served");
  }
  media_timer_.arm(media_receiver_->deadline());
}

// ---- what it sends back -------------------------------------------------------------------------------------------

outcome<completed> stream::talk_back(const begin_talk& command) {
  if (talk_)
    return net::failure{rejection{errc::not_sendable, to_string(options_.key) + " sends something back already", {}}};
  const talk::sockets own{poller(), *this, tag_talk, *shared_, rtp_, connections_, intake_};
  talk_.emplace(command.id, command.what, own, waker<media_came>());
  proceed_talking(clock().now());
  return completed{};
}

void stream::proceed_talking(net::time_point now) {
  if (talk_) talk_->proceed(now);
  part_with_talk();
}

void stream::part_with_talk() {
  if (!talk_ || !talk_->over()) return;
  const talk_over over{talk_->id()};
  talk_.reset();
  supervisor_.tell(over);
}

// ---- TCP active ---------------------------------------------------------------------------------------------------

void stream::note(std::string_view reason) { shared_->last_reason.store(short_text{reason}); }

caf::result<outcome<completed>> stream::connect(const connect_request& command) {
  const promise<outcome<completed>> later{this};
  active_.ask(
      command, [later](outcome<completed> what) { later.deliver(std::move(what)); }, clock().now());
  return later;
}

bool stream::take_connection(net::unique_fd socket, const net::endpoint& remote, net::time_point now) {
  connections_.close_all();
  if (talk_ && talk_->begun()) talk_->end(send_end::reset, "the connection was replaced", now);
  part_with_talk();
  intake_.receiver().forget_source();
  const bool taken = connections_.adopt(std::move(socket), remote, now);
  proceed_talking(now);
  return taken;
}

void stream::connection_ended(const net::endpoint& peer, int system_errno) {
  if (peer == intake_.receiver().source()) intake_.receiver().forget_source();
  note("TCP connection of " + peer.to_string() + " ended" +
       (system_errno == 0 ? std::string{} : std::string{": "} + std::strerror(system_errno)));
  const auto now = clock().now();
  if (talk_) talk_->connection_ended(peer, now);
  part_with_talk();
  active_.lost(peer, now);
}

}  // namespace berth::actors
