// One WebRTC connection: the way (ICE), the keys (DTLS), packets in both directions (SRTP).
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/rtc/dtls_srtp.hpp"
#include "net/rtc/ice_transport.hpp"
#include "net/rtc/sent_packets.hpp"

namespace berth::net {

struct rtc_session_options {
  std::shared_ptr<const dtls_identity> identity;
  ice_options ice;
  ice_parameters remote;
  dtls_srtp::options dtls;
  duration patience = std::chrono::seconds{15};  ///< until it is established
  std::vector<std::uint32_t> resent{};           ///< SSRCs whose packets are sent again when the other side asks
};

/// Begins with start(), ends by itself when the other side has gone, or with stop(). Shared by those who use it;
/// start(), send() and stop() are for any thread, events come on the loop's. It dies on the loop's thread, whoever lets
/// go of it last.
class rtc_session : public std::enable_shared_from_this<rtc_session> {
 public:
  using packet_list = std::vector<std::vector<std::uint8_t>>;
  struct events {
    std::function<void(const ice_parameters&)> ready;  ///< what is to be told to the other side
    std::function<void()> established;
    std::function<void(bytes_view packet, bool rtcp)> packet;  ///< in the clear
    std::function<void(const std::string& why)> ended;         ///< once, and the last event
  };

  static std::shared_ptr<rtc_session> make(rtc_loop& loop, rtc_session_options o, events e);

  void start();
  /// RTP and RTCP packets; `done` is called on the loop's thread when they are on their way, or never will be.
  void send(packet_list packets, std::function<void()> done = {});
  void stop();

 private:
  rtc_session(rtc_loop& loop, rtc_session_options o, events e)
      : loop_(loop), options_(std::move(o)), events_(std::move(e)) {}

  template <class Work>
  void on_loop(Work work, duration delay = {});
  void begin();
  void connected();
  void take(bytes_view datagram);
  void look_at_dtls();
  void put_on_the_way(std::vector<std::uint8_t> packet);
  void send_again(bytes_view rtcp);
  void end(const std::string& why);

  rtc_loop& loop_;
  const rtc_session_options options_;
  events events_;
  std::unique_ptr<ice_transport> ice_;
  std::unique_ptr<dtls_srtp> dtls_;
  std::map<std::uint32_t, sent_packets> sent_;
  bool established_ = false;
  bool ended_ = false;
};

}  // namespace berth::net
