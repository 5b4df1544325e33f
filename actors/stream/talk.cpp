#include "actors/stream/talk.hpp"

#include <sys/epoll.h>

#include <cstring>

namespace berth::actors {
namespace {

constexpr net::duration stuck_talk = std::chrono::seconds{15};  // that takes nothing

}  // namespace

bool talk::find_receiver() {
  if (begun_) return true;
  const auto& source = over_.received.receiver().source();
  if (over_.connections.size() > 0)
    tcp_peer_ = over_.connections.socket_of(source) >= 0 ? source : over_.connections.first_peer();
  else if (!source.is_set() && !what_.request.remote.is_set())
    return false;
  begun_ = true;
  what_.pump->join(wake_);
  return true;
}

void talk::proceed(net::time_point now) {
  if (ended_ || pace_ != net::poller::none || !find_receiver()) return;
  const bool tcp = tcp_peer_.is_set();
  if (const auto& source = over_.received.receiver().source(); source.is_set()) udp_peer_ = source;
  const auto to = tcp ? tcp_peer_ : udp_peer_;
  what_.shared->remote.store(to);
  using state = net::rtp_pump::state;
  const auto now_is =
      tcp ? what_.pump->to_tcp(over_.connections.socket_of(to)) : what_.pump->to_udp(over_.shared.ports.rtp.get(), to);
  const auto bytes = what_.shared->counters.bytes.value();
  what_.shared->counters.rate.note(bytes, now);
  if (bytes != bytes_before_ || now_is == state::drained || last_progress_ == net::time_point{}) last_progress_ = now;
  bytes_before_ = bytes;
  watch_for_room(now_is == state::blocked);
  switch (now_is) {
    case state::paced:
      pace_ = over_.poller.start_timer(now + net::rtp_pump::pace, over_.handler, over_.pace_tag);
      break;
    case state::blocked:
      if (now - last_progress_ >= stuck_talk) end(send_end::timed_out, "the receiver takes nothing", now);
      break;
    case state::ended:
      end(send_end::source_ended, "the stream ended", now);
      break;
    case state::failed:
      end(send_end_of(what_.pump->error()), std::strerror(what_.pump->error()), now);
      break;
    case state::drained:
      break;
  }
}

void talk::pace_is_over(net::time_point now) {
  pace_ = net::poller::none;
  proceed(now);
}

void talk::watch_for_room(bool wanted) {
  if (wanted == want_room_) return;
  want_room_ = wanted;
  if (tcp_peer_.is_set())
    over_.connections.watch_for_room(tcp_peer_, wanted);
  else
    over_.poller.change(over_.shared.ports.rtp.get(), over_.rtp, EPOLLIN | (wanted ? EPOLLOUT : 0U));
}

void talk::connection_ended(const net::endpoint& peer, net::time_point now) {
  if (begun_ && peer == tcp_peer_) end(send_end::reset, "the receiver closed the connection", now);
}

void talk::end(send_end why, std::string text, net::time_point now) {
  if (std::exchange(ended_, true)) return;
  over_.poller.cancel_timer(pace_);
  if (begun_ && why != send_end::reset) watch_for_room(false);
  what_.pump->leave(now);
  what_.shared->end = why;
  what_.shared->end_text = std::move(text);
}

}  // namespace berth::actors
