#include "net/rtc/rtc_session.hpp"

#include <utility>

#include "net/rtp/rtcp_feedback.hpp"

namespace berth::net {

std::shared_ptr<rtc_session> rtc_session::make(rtc_loop& loop, rtc_session_options o, events e) {
  return {new rtc_session{loop, std::move(o), std::move(e)}, [&loop](rtc_session* s) { loop.post([s] { delete s; }); }};
}

// Weak: what was posted must not keep a session that nobody wants.
template <class Work>
void rtc_session::on_loop(Work work, duration delay) {
  loop_.post_after(delay, [weak = weak_from_this(), work = std::move(work)]() mutable {
    if (const auto self = weak.lock()) work(*self);
  });
}

void rtc_session::start() {
  on_loop([](rtc_session& s) { s.begin(); });
  on_loop(
      [](rtc_session& s) {
        if (!s.established_) s.end("it was not established in time");
      },
      options_.patience);
}

void rtc_session::stop() {
  on_loop([](rtc_session& s) {
    if (s.dtls_) s.dtls_->end();
    s.end("it was stopped");
  });
}

void rtc_session::begin() {
  if (ended_) return;
  for (const auto ssrc : options_.resent) sent_[ssrc];
  dtls_ = dtls_srtp::make(options_.identity, options_.dtls, [this](bytes_view d) {
    if (ice_) ice_->send(d);
  });
  ice_ = ice_transport::make(loop_, options_.ice,
                             {.gathered =
                                  [this](const ice_parameters& own) {
                                    if (events_.ready) events_.ready(own);
                                  },
                              .connected = [this] { connected(); },
                              .failed = [this] { on_loop([](rtc_session& s) { s.end("the other side is gone"); }); },
                              .datagram = [this](bytes_view d) { take(d); }});
  // What gathers may tell at once, and wants the other side's part then.
  const bool begun = ice_->gather() && ice_->set_remote(options_.remote);
  if (!begun) end("no port could be had for it");
}

void rtc_session::connected() {
  if (ended_) return;
  if (options_.dtls.as == dtls_srtp::role::client) dtls_->begin();
  look_at_dtls();
}

void rtc_session::take(bytes_view datagram) {
  if (ended_) return;
  const auto kind = kind_of(datagram);
  if (kind == rtc_datagram::dtls) {
    dtls_->on_datagram(datagram);
    return look_at_dtls();
  }
  if (!established_ || (kind != rtc_datagram::rtp && kind != rtc_datagram::rtcp)) return;
  std::vector<std::uint8_t> packet{datagram.begin(), datagram.end()};
  const bool rtcp = kind == rtc_datagram::rtcp;
  if (!dtls_->unprotect(packet, rtcp)) return;
  if (rtcp && !sent_.empty()) send_again(packet);
  if (events_.packet) events_.packet(packet, rtcp);
}

void rtc_session::look_at_dtls() {
  switch (dtls_->now()) {
    case dtls_srtp::state::established:
      if (!std::exchange(established_, true) && events_.established) events_.established();
      break;
    case dtls_srtp::state::ended:
      // Not from inside of what is being taken apart.
      on_loop([](rtc_session& s) {
        s.end(s.dtls_->complaint().empty() ? "the other side ended it" : s.dtls_->complaint());
      });
      break;
    case dtls_srtp::state::handshaking:
      if (const auto wait = dtls_->timeout())
        on_loop(
            [](rtc_session& s) {
              if (s.ended_ || s.established_) return;
              s.dtls_->on_timeout();
              s.look_at_dtls();
            },
            *wait);
  }
}

void rtc_session::send(packet_list packets, std::function<void()> done) {
  loop_.post([self = shared_from_this(), packets = std::move(packets), done = std::move(done)]() mutable {
    if (self->established_ && !self->ended_)
      for (auto& p : packets) {
        if (p.size() < 12) continue;
        const auto kept = self->sent_.find(load_be32(&p[8]));
        if (kept != self->sent_.end() && kind_of(p) == rtc_datagram::rtp) kept->second.keep(p);
        self->put_on_the_way(std::move(p));
      }
    if (done) done();
  });
}

void rtc_session::put_on_the_way(std::vector<std::uint8_t> packet) {
  const bool rtcp = kind_of(packet) == rtc_datagram::rtcp;
  if (dtls_->protect(packet, rtcp)) ice_->send(packet);
}

void rtc_session::send_again(bytes_view rtcp) {
  std::size_t left = sent_packets::size;  // of one request
  for_each_wanted(rtcp, [&](std::uint32_t ssrc, std::uint16_t number) {
    const auto kept = sent_.find(ssrc);
    const auto* const packet = kept == sent_.end() || left == 0 ? nullptr : kept->second.find(ssrc, number);
    if (packet == nullptr) return;
    --left;
    put_on_the_way(*packet);
  });
}

void rtc_session::end(const std::string& why) {
  if (std::exchange(ended_, true)) return;
  ice_.reset();
  const auto told = std::exchange(events_, {});
  if (told.ended) told.ended(why);
}

}  // namespace berth::net
