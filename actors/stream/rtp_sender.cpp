#include "actors/stream/rtp_sender.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "net/rtp/rtcp_packet.hpp"

namespace berth::actors {
namespace {

using namespace std::chrono_literals;

constexpr net::duration tick_interval = 1s;
constexpr net::duration report_interval = 5s;    // RFC 3550 6.2
constexpr net::duration silent_receiver = 30s;   // without a report of its own
constexpr net::duration stuck_connection = 15s;  // that takes nothing
constexpr net::duration patience_with_errors = 5s;
constexpr net::duration forgotten_errors = 3s;
constexpr net::udp_options rtcp_socket{.receive_buffer = 64 * 1024, .media = false};
constexpr std::string_view cname = "berth";

}  // namespace

rtp_sender::behavior rtp_sender::make_behavior() {
  return {[this](const begin_sending&) { return begin(); },
          [this](const media_came&) {
            if (sending_) proceed(clock().now());
          },
          [this](const close_command&) {
            finish(send_end::stopped, "");
            quit();
          },
          [this](const sending_finished&) { quit(); }};
}

// ---- finding the receiver -----------------------------------------------------------------------------------------

caf::result<outcome<completed>> rtp_sender::begin() {
  const auto now = clock().now();
  auto& ports = shared().ports;
  switch (request().way) {
    case send_way::tcp:
      return connect(now);
    case send_way::tcp_passive:
      listener_key_ = poller().add(ports.listener.get(), EPOLLIN, *this, tag_listener);
      break;
    default:
      begin_udp(now);
  }
  shared().begun = true;
  if (!sending_) patience_ = poller().start_timer(now + request().receiver_wait, *this, tag_patience);
  return outcome<completed>{completed{}};
}

void rtp_sender::begin_udp(net::time_point now) {
  auto& ports = shared().ports;
  net::report_refusals(ports.rtp.get());
  resting_.begin(shared().strangers, options_.silence, now);
  rtp_key_ = poller().add(ports.rtp.get(), EPOLLIN, *this, tag_rtp);
  if (request().expect_reports && !ports.rtcp) {
    // The next port may belong to another sender: then reports go out and come in on this one (RFC 5761).
    auto made =
        options_.sockets->bind_udp(options_.local.with_port(static_cast<std::uint16_t>(ports.port() + 1)), rtcp_socket);
    if (made) rtcp_ = std::move(*made);
  }
  if (const int fd = rtcp_ ? rtcp_.get() : ports.rtcp.get(); fd >= 0)
    rtcp_key_ = poller().add(fd, EPOLLIN, *this, tag_rtcp);
  if (request().way == send_way::udp) send_to(request().remote, now);
}

caf::result<outcome<completed>> rtp_sender::connect(net::time_point now) {
  const auto refuse = [this](const net::error& why) {
    finish(send_end::failed, why.text);
    return outcome<completed>{net::failure{rejection{errc::connect_failed, why.text, {}}}};
  };
  auto made = options_.sockets->connect_tcp(options_.local.with_port(request().local_port), request().remote);
  if (!made) return refuse(made.error());
  connection_ = std::move(*made);
  connection_key_ = poller().add(connection_.get(), EPOLLOUT, *this, tag_connection);
  patience_ = poller().start_timer(now + request().receiver_wait, *this, tag_patience);
  connecting_for_.emplace(this);
  return *connecting_for_;
}

void rtp_sender::connect_decided(net::time_point now) {
  const auto later = *std::exchange(connecting_for_, std::nullopt);
  if (const int failed = net::pending_error(connection_.get())) {
    const auto why = net::system_error(failed, "connect tcp " + request().remote.to_string());
    later.deliver(reject(errc::connect_failed, why.text));
    return finish(send_end_of(failed), why.text);
  }
  poller().remove(connection_.get(), connection_key_);
  adopt(std::move(connection_), request().remote, now);
  later.deliver(completed{});
}

// One connection is what the sender was made for: nobody else is listened to any more.
void rtp_sender::accept(net::time_point now) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  auto& listener = shared().ports.listener;
  net::unique_fd socket{
      ::accept4(listener.get(), reinterpret_cast<sockaddr*>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (!socket) return;
  poller().remove(listener.get(), listener_key_);
  listener.reset();
  adopt(std::move(socket), net::endpoint::from_sockaddr(address), now);
}

void rtp_sender::adopt(net::unique_fd socket, const net::endpoint& remote, net::time_point now) {
  connection_ = std::move(socket);
  shared().begun = true;
  shared().local_port = net::local_endpoint(connection_.get()).port();
  connection_key_ = poller().add(connection_.get(), EPOLLIN | EPOLLRDHUP, *this, tag_connection);
  send_to(remote, now);
}

// ---- sending ------------------------------------------------------------------------------------------------------

void rtp_sender::send_to(const net::endpoint& remote, net::time_point now) {
  poller().cancel_timer(patience_);
  remote_ = remote;
  shared().remote.store(remote);
  sending_ = true;
  last_progress_ = last_report_ = now;
  report_due_ = now + report_interval;
  tick_ = poller().start_timer(now + tick_interval, *this, tag_tick);
  pump().join(waker<media_came>());
  proceed(now);
}

void rtp_sender::proceed(net::time_point now) {
  if (pace_ != net::poller::none) return;
  const auto state = connection_ ? pump().to_tcp(connection_.get()) : pump().to_udp(shared().ports.rtp.get(), remote_);
  const auto bytes = shared().counters.bytes.value();
  shared().counters.rate.note(bytes, now);
  if (bytes != bytes_before_ || state == net::rtp_pump::state::drained) last_progress_ = now;
  if (bytes != bytes_before_) newest_frame_ = now;
  bytes_before_ = bytes;
  watch_for_room(state == net::rtp_pump::state::blocked);
  switch (state) {
    case net::rtp_pump::state::paced:
      pace_ = poller().start_timer(now + net::rtp_pump::pace, *this, tag_pace);
      break;
    case net::rtp_pump::state::ended:
      return finish(send_end::source_ended, "the stream ended");
    case net::rtp_pump::state::failed:
      return finish(send_end_of(pump().error()), std::strerror(pump().error()));
    default:
      break;
  }
  if (!connection_) judge_errors(now);
}

void rtp_sender::watch_for_room(bool wanted) {
  if (wanted == want_room_) return;
  want_room_ = wanted;
  const std::uint32_t room = wanted ? EPOLLOUT : 0U;
  if (connection_)
    poller().change(connection_.get(), connection_key_, EPOLLIN | EPOLLRDHUP | room);
  else
    poller().change(shared().ports.rtp.get(), rtp_key_, EPOLLIN | room);
}

// A receiver may open its port a little late, and a router may be away for a moment.
void rtp_sender::judge_errors(net::time_point now) {
  if (const int error = pump().take_error()) {
    net::forget_refusals(shared().ports.rtp.get());
    last_trouble_ = now;
    if (!trouble_since_) trouble_since_ = now;
    if (now - *trouble_since_ >= patience_with_errors)
      finish(send_end_of(error), remote_.to_string() + ": " + std::strerror(error));
  } else if (trouble_since_ && now - last_trouble_ >= forgotten_errors) {
    trouble_since_.reset();
  }
}

// ---- what comes back ----------------------------------------------------------------------------------------------

void rtp_sender::on_ready(std::uint32_t tag, std::uint32_t events, net::time_point now) {
  if (!enter() || finished_) return;
  switch (tag) {
    case tag_listener:
      return accept(now);
    case tag_connection:
      if (connecting_for_) return connect_decided(now);
      if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) read_connection();
      break;
    case tag_rtp:
      read_datagrams(shared().ports.rtp.get(), true, now);
      if ((events & EPOLLERR) != 0) net::forget_refusals(shared().ports.rtp.get());
      break;
    default:
      read_datagrams(rtcp_ ? rtcp_.get() : shared().ports.rtcp.get(), false, now);
  }
  if (sending_ && (events & EPOLLOUT) != 0) proceed(now);
}

// Reports of the receiver, if any: they are not waited for on TCP, which tells itself when nobody is there.
void rtp_sender::read_connection() {
  auto& room = buffers().tcp;
  const auto got = ::recv(connection_.get(), room.data(), room.size(), MSG_DONTWAIT);
  if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) return;
  const int why = got < 0 ? errno : 0;
  finish(send_end_of(why), why == 0 ? "the receiver closed the connection" : std::strerror(why));
}

// Whoever sends to the RTP port first is the receiver that was waited for; RTCP comes from one that is there.
void rtp_sender::read_datagrams(int fd, bool rtp, net::time_point now) {
  auto& udp = buffers().udp;
  const auto count = udp.read(fd, now);
  for (std::size_t i = 0; i < count; ++i) {
    if (!sending_ && rtp) {
      if (resting_.refuses(udp[i].from, now)) continue;
      send_to(udp[i].from, now);
      return;
    }
    if (!udp[i].from.same_address(remote_)) continue;
    const auto rtcp = net::parse_rtcp(udp[i].bytes);
    if (rtcp && rtcp->receiver_reports > 0) last_report_ = now;
  }
}

// ---- time ---------------------------------------------------------------------------------------------------------

void rtp_sender::on_timer(std::uint32_t tag, net::time_point now) {
  if (!enter() || finished_) return;
  if (tag == tag_pace) {
    pace_ = net::poller::none;
    return proceed(now);
  }
  if (tag == tag_patience) {
    patience_ = net::poller::none;
    if (!connecting_for_)
      return finish(send_end::timed_out, request().way == send_way::tcp_passive ? "wait tcp connection timeout"
                                                                                : "wait udp connection timeout");
    const auto text = "no answer from " + request().remote.to_string();
    const auto later = *std::exchange(connecting_for_, std::nullopt);
    later.deliver(reject(errc::connect_failed, text));
    return finish(send_end::timed_out, text);
  }
  tick_ = poller().start_timer(now + tick_interval, *this, tag_tick);
  if (connection_ && now - last_progress_ >= stuck_connection)
    return finish(send_end::timed_out, "the receiver takes nothing");
  if (!connection_ && request().expect_reports) {
    if (now - last_report_ >= silent_receiver) return finish(send_end::timed_out, "no report of the receiver");
    if (now >= report_due_) report(now);
  }
}

void rtp_sender::report(net::time_point now) {
  report_due_ = now + report_interval;
  const auto& w = pump().writer();
  if (w.packets() == 0) return;
  // RFC 3550 6.4.1: the same moment on both clocks.
  const auto since = std::chrono::duration<double>(now - newest_frame_).count();
  const net::sender_report said{
      .ssrc = w.ssrc(),
      .ntp = net::ntp_time(options_.wall_now()),
      .rtp_timestamp = w.timestamp() + static_cast<std::uint32_t>(since * pump().clock_rate()),
      .packets = w.packets(),
      .octets = w.octets()};
  std::array<std::uint8_t, 64> out;
  const auto size = net::build_sender_report(out, said, cname);
  const int own = rtcp_ ? rtcp_.get() : shared().ports.rtcp.get();
  net::send_datagram(own >= 0 ? own : shared().ports.rtp.get(), {out.data(), size},
                     remote_.with_port(static_cast<std::uint16_t>(remote_.port() + 1)));
}

// ---- the end ------------------------------------------------------------------------------------------------------

// An actor can only quit inside a message's handler, and most ends come from sockets and timers.
void rtp_sender::finish(send_end end, std::string text) {
  if (std::exchange(finished_, true)) return;
  sending_ = false;
  shared().end = end;
  shared().end_text = std::move(text);
  send(handle{this}, sending_finished{});
}

void rtp_sender::on_exit() {
  const auto now = clock().now();
  if (const auto later = std::exchange(connecting_for_, std::nullopt))
    later->deliver(reject(errc::stream_ended, "the sender was stopped meanwhile"));
  auto& ports = shared().ports;
  poller().remove(ports.rtp.get(), rtp_key_);
  poller().remove(rtcp_ ? rtcp_.get() : ports.rtcp.get(), rtcp_key_);
  poller().remove(ports.listener.get(), listener_key_);
  poller().remove(connection_.get(), connection_key_);
  for (auto* timer : {&patience_, &pace_, &tick_}) poller().cancel_timer(*timer);
  pump().leave(now);
  ports.listener.reset();
  connection_.reset();
  rtcp_.reset();
  // The packetizer may be a library's: it goes with the thread that used it.
  options_.what.pump.reset();
}

}  // namespace berth::actors
