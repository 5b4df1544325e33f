// A stream's acceptance of packets, apart from where they come from: statistics, published figures, reports.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "actors/contract/mooring.hpp"
#include "actors/contract/supervision.hpp"
#include "net/rtp/rtp_receiver.hpp"

namespace berth::actors {

/// Feeds packets to the RTP receiver and publishes what came of it in the mooring.
/// Owned by a stream and touched by its reactor thread only.
class intake {
 public:
  /// `on_arrival` is called for the first accepted packet and for the first one after a silence; `on_packet` for each
  /// accepted one.
  intake(mooring& shared, net::rtp_receiver::options options, std::function<void()> on_arrival,
         std::function<void(const net::accepted_packet&, net::time_point)> on_packet);

  /// Takes one datagram or frame; true if it was accepted.
  bool take(net::bytes_view bytes, const net::endpoint& from, net::time_point arrival, bool over_tcp);
  void take_truncated(net::time_point arrival);
  /// RTCP that claims to be from the stream's sender; anybody else's is ignored.
  void take_rtcp(net::bytes_view bytes, const net::endpoint& from, net::time_point now);

  /// Writes a receiver report when one is due (RFC 3550 6.2: every 5 s) and returns its size, else 0.
  std::size_t report(std::span<std::uint8_t> out, net::time_point now);

  net::rtp_receiver& receiver() noexcept { return receiver_; }

 private:
  void publish_refused(net::time_point now);

  mooring& shared_;
  net::rtp_receiver receiver_;
  std::function<void()> on_arrival_;
  std::function<void(const net::accepted_packet&, net::time_point)> on_packet_;
  received_from published_;
  net::time_point last_accepted_{};
  net::time_point report_due_{};
  net::time_point refused_due_{};
};

}  // namespace berth::actors
