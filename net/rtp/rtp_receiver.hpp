// The whole acceptance of a stream's packets, from bytes to a packet that counts.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "net/base/time.hpp"
#include "net/rtp/admission.hpp"
#include "net/rtp/reception_statistics.hpp"
#include "net/rtp/rtp_packet.hpp"
#include "net/rtp/stream_counters.hpp"

namespace berth::net {

/// A packet of the stream, there for the first time. Valid for as long as the bytes it was made from.
struct accepted_packet {
  rtp_packet packet;
  std::int64_t number = 0;  ///< sequence number without wrap-around; starts anew when `restarted`
  bool first = false;       ///< the first one this receiver has accepted at all
  bool restarted = false;   ///< another SSRC, or the sender counts anew: nothing before belongs to it
};

/// One that was refused for whom it came from. A value; `from` unset: none was.
struct refused_packet {
  endpoint from;
  std::uint32_t ssrc = 0;
  refusal cause{};
};

/// Parses, admits, sequences and counts: one call of on_datagram() counts one datagram, and either one accepted
/// packet or one refusal. A packet that any step refuses moves no lock. Allocates nothing per packet.
/// Owned by a stream, touched by its reactor thread only; the counters have to outlive it.
class rtp_receiver {
 public:
  struct options {
    source_policy policy = source_policy::learn;
    std::uint32_t ssrc_filter = 0;                     ///< 0: none, the first packet decides
    duration relearn_after = std::chrono::seconds{1};  ///< silence after which a lock may move
    std::string cname = "berth";                       ///< in receiver reports (RFC 3550 6.5.1)
  };

  explicit rtp_receiver(stream_counters& counters) : rtp_receiver(counters, options{}) {}
  rtp_receiver(stream_counters& counters, options o);

  /// A datagram of the RTP port, or a frame of an RTP connection.
  std::optional<accepted_packet> on_datagram(bytes_view bytes, const endpoint& from, time_point arrival) noexcept;
  /// A datagram that was longer than the receive buffer: counted and refused.
  void on_truncated() noexcept;

  /// A compound RTCP packet of the stream's sender; false if it is malformed.
  bool on_rtcp(bytes_view bytes, time_point now) noexcept;
  /// Writes the next receiver report and returns its size; 0 while there is nothing to report on, or `out` is too
  /// small (300 bytes always do).
  std::size_t make_receiver_report(std::span<std::uint8_t> out, time_point now) noexcept;

  void forget_source() noexcept { admission_.forget_source(); }
  void set_ssrc_filter(std::uint32_t ssrc) noexcept { admission_.set_ssrc_filter(ssrc); }
  void rest(const media_senders& senders, duration silence, time_point now) { admission_.rest(senders, silence, now); }
  media_senders resting(time_point now) const { return admission_.resting(now); }
  bool several() const noexcept { return admission_.several(); }

  const endpoint& source() const noexcept { return admission_.source(); }  ///< unset before the first packet
  std::optional<std::uint32_t> ssrc() const noexcept { return admission_.ssrc(); }
  std::uint32_t ssrc_filter() const noexcept { return admission_.ssrc_filter(); }
  bool has_received() const noexcept { return received_; }
  time_point last_accepted() const noexcept { return last_accepted_; }  ///< if has_received()
  std::uint8_t payload_type() const noexcept { return payload_type_; }  ///< of the last accepted packet
  const refused_packet& last_refused() const noexcept { return last_refused_; }
  const reception_statistics& statistics() const noexcept { return statistics_; }

 private:
  std::nullopt_t refuse(refusal cause) noexcept;
  void measure_loss(bool anew, time_point now) noexcept;

  stream_counters& counters_;
  admission admission_;
  std::string cname_;

  reception_statistics statistics_;  // of measured_ssrc_
  std::uint32_t measured_ssrc_ = 0;
  std::uint64_t lost_before_ = 0;  // in sequences that ended
  // when the loss of the last seconds was measured, and how far the sequence was then
  time_point loss_measured_{};
  std::uint64_t expected_then_ = 0, lost_then_ = 0;
  time_point last_accepted_{};
  std::uint8_t payload_type_ = 0;
  refused_packet last_refused_;
  bool received_ = false;
};

}  // namespace berth::net
