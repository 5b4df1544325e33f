#include "actors/stream/intake.hpp"

namespace berth::actors {
namespace {

constexpr auto receiver_report_interval = std::chrono::seconds{5};
constexpr auto refused_interval = std::chrono::seconds{1};

}  // namespace

intake::intake(mooring& shared, net::rtp_receiver::options options, std::function<void()> on_arrival,
               std::function<void(const net::accepted_packet&, net::time_point)> on_packet)
    : shared_(shared),
      receiver_(shared.counters, std::move(options)),
      on_arrival_(std::move(on_arrival)),
      on_packet_(std::move(on_packet)) {}

bool intake::take(net::bytes_view bytes, const net::endpoint& from, net::time_point arrival, bool over_tcp) {
  mooring::mark(shared_.last_datagram, arrival);
  const auto accepted = receiver_.on_datagram(bytes, from, arrival);
  if (!accepted) {
    publish_refused(arrival);
    return false;
  }

  mooring::mark(shared_.last_packet, arrival);
  const auto& packet = accepted->packet;
  if (accepted->first || published_.source != receiver_.source() || published_.ssrc != packet.ssrc ||
      published_.payload_type != packet.payload_type || published_.over_tcp != over_tcp) {
    published_ = {receiver_.source(), packet.ssrc, packet.payload_type, over_tcp};
    shared_.from.store(published_);
  }
  on_packet_(*accepted, arrival);
  if (accepted->first || arrival - last_accepted_ >= notice_interval) on_arrival_();
  if (accepted->first) report_due_ = arrival + receiver_report_interval;
  last_accepted_ = arrival;
  return true;
}

// Once a second: whoever is refused may send as much as he likes.
void intake::publish_refused(net::time_point now) {
  const auto& last = receiver_.last_refused();
  if (!last.from.is_set() || now < refused_due_) return;
  refused_due_ = now + refused_interval;
  shared_.refused.store(last);
}

void intake::take_truncated(net::time_point arrival) {
  mooring::mark(shared_.last_datagram, arrival);
  receiver_.on_truncated();
}

void intake::take_rtcp(net::bytes_view bytes, const net::endpoint& from, net::time_point now) {
  if (!receiver_.has_received() || !from.same_address(receiver_.source())) return;
  receiver_.on_rtcp(bytes, now);
}

std::size_t intake::report(std::span<std::uint8_t> out, net::time_point now) {
  if (!receiver_.has_received() || now < report_due_) return 0;
  report_due_ = now + receiver_report_interval;
  return receiver_.make_receiver_report(out, now);
}

}  // namespace berth::actors
