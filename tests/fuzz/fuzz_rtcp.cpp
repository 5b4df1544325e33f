// Hostile RTCP: what passes has to hold together.
#include <cstddef>
#include <cstdint>

#include "net/rtp/rtcp_packet.hpp"
#include "net/rtp/rtp_packet.hpp"
#include "tests/fuzz/require.hpp"

using namespace berth::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes_view input(data, size);
  if (const auto compound = parse_rtcp(input)) {
    require(size >= 4 && size % 4 == 0);
    require(compound->report.has_value() == (compound->sender_reports > 0));
    require(compound->sender_reports * std::size_t{28} + compound->receiver_reports * std::size_t{8} <= size);
    require(!parse_rtp(input));
  } else {
    require(!to_string(compound.error()).empty());
  }

  // The input as the fields of a report: what is written can be read.
  if (size < 24) return 0;
  const report_block block{.ssrc = load_be32(data),
                           .fraction_lost = data[4],
                           .cumulative_lost = data[5] << 16 | data[6] << 8 | data[7],
                           .highest_sequence = load_be32(data + 8),
                           .jitter = load_be32(data + 12),
                           .last_sr = load_be32(data + 16),
                           .delay_since_last_sr = load_be32(data + 20)};
  const std::string_view name(reinterpret_cast<const char*>(data) + 24, size - 24);
  std::uint8_t out[300];
  const auto written = build_receiver_report(out, block.ssrc + 1, block, name);
  require(written == receiver_report_size(name.size()));
  const auto read = parse_rtcp(std::span(out).first(written));
  require(read && read->receiver_reports == 1 && !read->report);
  return 0;
}
