// The browser's side of a WebRTC connection, without a browser.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/rtc/dtls_srtp.hpp"
#include "net/rtc/ice_transport.hpp"
#include "tests/support/condition.hpp"
#include "tests/support/packets.hpp"

namespace berth::tests {

/// Makes an offer, takes the answer, sends and receives packets. Used from the test's thread; everything else happens on
/// a loop of its own.
class rtc_client {
 public:
  /// `sections`: what stands between an m= line's protocol and the way: "video" or "audio", direction, and lines of
  /// formats, as {"audio", "sendonly", "8", ""}.
  struct section {
    std::string kind, direction, formats, lines;
  };

  explicit rtc_client(std::vector<section> sections) : sections_(std::move(sections)) {
    identity_ = *net::dtls_identity::make();
    on_loop([this] {
      ice_ = net::ice_transport::make(loop_, {.addresses = {"127.0.0.1"}, .announced = {}, .controlling = true},
                                      {.gathered = [this](const net::ice_parameters& p) { gathered_.set_value(p); },
                                       .connected =
                                           [this] {
                                             if (dtls_) dtls_->begin();
                                           },
                                       .failed = [this] { failed_ = true; },
                                       .datagram = [this](net::bytes_view d) { take(d); }});
      if (!ice_->gather()) gathered_.set_value({});
    });
  }
  ~rtc_client() {
    on_loop([this] {
      dtls_.reset();
      ice_.reset();
    });
  }
  rtc_client(const rtc_client&) = delete;
  rtc_client& operator=(const rtc_client&) = delete;

  std::string offer() {
    const auto own = gathered_.get_future().get();
    std::string text = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE";
    for (std::size_t i = 0; i < sections_.size(); ++i) text += " " + std::to_string(i);
    text += "\r\n";
    for (std::size_t i = 0; i < sections_.size(); ++i) {
      const auto& s = sections_[i];
      text += "m=" + s.kind + " 9 UDP/TLS/RTP/SAVPF " + s.formats +
              "\r\nc=IN IP4 0.0.0.0\r\na=mid:" + std::to_string(i) + "\r\na=" + s.direction +
              "\r\na=rtcp-mux\r\na=setup:actpass\r\na=ice-ufrag:" + own.ufrag + "\r\na=ice-pwd:" + own.pwd +
              "\r\na=fingerprint:sha-256 " + identity_->fingerprint() + "\r\n" + s.lines;
      for (const auto& c : own.candidates) text += "a=" + c + "\r\n";
    }
    return text;
  }

  /// False if the answer can not be read.
  bool accept(const std::string& answer) {
    const auto read = net::parse_rtc_offer(answer);
    if (!read) return false;
    on_loop([this, theirs = *read] {
      dtls_ = net::dtls_srtp::make(identity_, {net::dtls_srtp::role::client, theirs.fingerprint},
                                   [this](net::bytes_view d) { ice_->send(d); });
      ice_->set_remote(theirs.ice);
    });
    return true;
  }
  bool is_established() const { return established_; }
  bool is_over() const { return over_ || failed_; }

  void send(bytes packet) {
    on_loop([this, packet = std::move(packet)]() mutable {
      const bool rtcp = net::kind_of(packet) == net::rtc_datagram::rtcp;
      if (dtls_ && dtls_->protect(packet, rtcp)) ice_->send(packet);
    });
  }
  void say_goodbye() {
    on_loop([this] { dtls_->end(); });
  }
  /// The next RTP packet does not come.
  void lose_one() { loses_ = true; }
  /// RTP and RTCP that has come, in the clear.
  std::vector<bytes> packets() const {
    const std::lock_guard lock{mutex_};
    return packets_;
  }

 private:
  template <class Work>
  void on_loop(Work work) {
    std::promise<void> done;
    auto later = std::make_shared<Work>(std::move(work));
    loop_.post([&done, later] {
      (*later)();
      done.set_value();
    });
    done.get_future().get();
  }

  void take(net::bytes_view d) {
    if (!dtls_) return;
    const auto kind = net::kind_of(d);
    if (kind == net::rtc_datagram::dtls) {
      dtls_->on_datagram(d);
      established_ = established_ || dtls_->now() == net::dtls_srtp::state::established;
      over_ = dtls_->now() == net::dtls_srtp::state::ended;
      return;
    }
    if (kind == net::rtc_datagram::rtp && loses_.exchange(false)) return;
    bytes packet{d.begin(), d.end()};
    if (!dtls_->unprotect(packet, kind == net::rtc_datagram::rtcp)) return;
    const std::lock_guard lock{mutex_};
    packets_.push_back(std::move(packet));
  }

  const std::vector<section> sections_;
  std::shared_ptr<const net::dtls_identity> identity_;
  net::rtc_loop loop_;
  std::promise<net::ice_parameters> gathered_;
  std::unique_ptr<net::ice_transport> ice_;
  std::unique_ptr<net::dtls_srtp> dtls_;
  std::atomic<bool> established_{false}, failed_{false}, over_{false}, loses_{false};
  mutable std::mutex mutex_;
  std::vector<bytes> packets_;
};

}  // namespace berth::tests
