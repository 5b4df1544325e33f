// Hostile RTP: the parser, and the whole acceptance behind it.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "net/rtp/rtp_receiver.hpp"
#include "tests/fuzz/require.hpp"

using namespace berth::net;

namespace {

void check_packet(bytes_view input, const rtp_packet& p) {
  require(p.whole.data() == input.data() && p.whole.size() == input.size());
  require(p.payload.data() >= input.data() + rtp_header_size);
  require(p.payload.data() + p.payload.size() <= input.data() + input.size());
  require(p.payload_type < 128);
}

}  // namespace

// The input is one packet, and also a series of packets behind a length byte each.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes_view input(data, size);
  if (const auto p = parse_rtp(input)) check_packet(input, *p);

  stream_counters counters;
  rtp_receiver receiver(counters);
  const endpoint from;
  time_point now{std::chrono::seconds{1}};
  std::uint64_t datagrams = 0;
  for (std::size_t at = 0; at < size;) {
    const std::size_t length = std::min<std::size_t>(data[at], size - at - 1);
    const auto packet = input.subspan(at + 1, length);
    at += 1 + length;
    now += std::chrono::milliseconds{data[at - 1]};
    if (const auto accepted = receiver.on_datagram(packet, from, now)) check_packet(packet, accepted->packet);
    ++datagrams;
    require(counters.datagrams.value() == datagrams);
    require(counters.accepted.value() + counter_values{counters}.refused_total() == datagrams);
    require(counters.lost.value() < datagrams * sequence_tracker::max_dropout);
    const auto& sequence = receiver.statistics().sequence();
    require(sequence.received() <= sequence.expected());
  }
  std::uint8_t report[300];
  const auto report_size = receiver.make_receiver_report(report, now);
  require((report_size > 0) == (counters.accepted.value() > 0));
  if (report_size > 0) require(parse_rtcp(std::span(report).first(report_size)).has_value());
  return 0;
}
