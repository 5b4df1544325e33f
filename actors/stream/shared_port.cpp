#include "actors/stream/shared_port.hpp"

#include <sys/epoll.h>

namespace berth::actors {
namespace {

constexpr int shared_batches_per_turn = 16;

}  // namespace

shared_port::shared_port(caf::actor_config& config, const berth_host& host, std::shared_ptr<mooring> shared,
                         shared_port_options options, weak_handle<overseer_actor> supervisor)
    : hosted_actor(config, host),
      shared_(std::move(shared)),
      options_(std::move(options)),
      supervisor_(std::move(supervisor)),
      demultiplexer_(std::make_shared<net::ssrc_demultiplexer>(
          net::ssrc_demultiplexer::options{.silence = options_.silence},
          [this](std::uint32_t ssrc) {
            supervisor_.tell(ssrc_arrived{options_.key, options_.generation, ssrc, demultiplexer_});
          })),
      connections_(
          poller(), *this, shared_->counters,
          {.max_connections = options_.max_connections, .max_frame = options_.max_tcp_frame},
          [this](const net::tcp_frame& frame, const net::endpoint& peer, net::time_point now) {
            return !frame.rtcp && route(frame.bytes, peer, now, true);
          },
          [](const net::endpoint&, int) {}) {}

shared_port::behavior shared_port::make_behavior() {
  const auto& ports = shared_->ports;
  rtp_ = poller().add(ports.rtp.get(), EPOLLIN, *this, tag_rtp);
  if (ports.listener) listener_ = poller().add(ports.listener.get(), EPOLLIN, *this, tag_listener);
  resting_.begin(shared_->strangers, options_.silence, clock().now());
  if (rtp_ == net::poller::none || (ports.listener && listener_ == net::poller::none)) {
    shared_->last_reason.store(short_text{"the kernel refused to watch the sockets: see fs.epoll.max_user_watches"});
    quit(caf::exit_reason::unhandled_exception);
  }
  return {[this](const close_command&) { quit(); },
          [this](const refuse_ssrc& refused) {
            shared_->last_reason.store(short_text{refused.reason});
            demultiplexer_->refuse(refused.ssrc, clock().now());
          }};
}

void shared_port::on_exit() {
  shared_->strangers = resting_.left(clock().now());
  demultiplexer_->close();
  connections_.close_all();
  auto& ports = shared_->ports;
  poller().remove(ports.rtp.get(), rtp_);
  poller().remove(ports.listener.get(), listener_);
  ports.listener.reset();
}

void shared_port::on_ready(std::uint32_t tag, std::uint32_t, net::time_point now) {
  if (!enter()) return;
  switch (tag) {
    case tag_rtp:
      read_rtp(now);
      break;
    case tag_listener:
      connections_.accept_from(shared_->ports.listener.get(), now);
      break;
    default:
      connections_.on_ready(tag, buffers().tcp, now);
  }
}

void shared_port::read_rtp(net::time_point now) {
  auto& udp = buffers().udp;
  for (int batch = 0; batch < shared_batches_per_turn; ++batch) {
    const auto count = udp.read(shared_->ports.rtp.get(), now);
    for (std::size_t i = 0; i < count; ++i) {
      const auto& d = udp[i];
      if (d.truncated) {
        mooring::mark(shared_->last_datagram, d.arrival);
        shared_->counters.datagrams.add();
        shared_->counters.refuse(net::refusal::truncated);
      } else {
        route(d.bytes, d.from, d.arrival, false);
      }
    }
    if (udp.kernel_drops() != 0) shared_->counters.kernel_drops.set(shared_->ports.drops_since(udp.kernel_drops()));
    if (!udp.more()) return;
  }
  poller().leave_unfinished();
}

bool shared_port::route(net::bytes_view bytes, const net::endpoint& from, net::time_point arrival, bool over_tcp) {
  auto& counters = shared_->counters;
  counters.datagrams.add();
  mooring::mark(shared_->last_datagram, arrival);
  const auto packet = net::parse_rtp(bytes);
  if (!packet) {
    counters.refuse(packet.error());
    return false;
  }
  if (!over_tcp && resting_.refuses(from, arrival)) {
    counters.refuse(net::refusal::resting);
    return false;
  }
  if (const auto refused = demultiplexer_->route(*packet, from, arrival, over_tcp)) {
    counters.refuse(*refused);
    return false;
  }
  counters.accepted.add();
  counters.accepted_bytes.add(bytes.size());
  mooring::mark(shared_->last_packet, arrival);
  if (arrival - last_accepted_ >= notice_interval) supervisor_.tell(stream_notice{options_.key, options_.generation});
  last_accepted_ = arrival;
  return true;
}

}  // namespace berth::actors
