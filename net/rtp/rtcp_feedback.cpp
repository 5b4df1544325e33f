#include "net/rtp/rtcp_feedback.hpp"

namespace berth::net {
namespace {

constexpr std::uint8_t transport_feedback = 205, payload_feedback = 206;
constexpr std::size_t header = 4, both_names = 8;
constexpr std::uint32_t own_name = 1;  // a receiver that never sends needs no better one

std::vector<std::uint8_t> feedback(std::uint8_t type, std::uint32_t of, std::size_t entries) {
  std::vector<std::uint8_t> b(header + both_names + 4 * entries);
  b[0] = 0x81;
  b[1] = type;
  store_be16(&b[2], static_cast<std::uint16_t>(b.size() / 4 - 1));
  store_be32(&b[4], own_name);
  store_be32(&b[8], of);
  return b;
}

}  // namespace

std::vector<std::uint8_t> picture_loss(std::uint32_t of) { return feedback(payload_feedback, of, 0); }

std::vector<std::uint8_t> negative_acknowledgement(std::uint32_t of, const std::vector<std::uint16_t>& numbers) {
  struct entry {
    std::uint16_t first, mask;
  };
  std::vector<entry> entries;
  for (const auto n : numbers) {
    const auto behind = entries.empty() ? std::uint16_t{0} : static_cast<std::uint16_t>(n - entries.back().first);
    if (entries.empty() || behind > 16)
      entries.push_back({n, 0});
    else if (behind > 0)
      entries.back().mask = static_cast<std::uint16_t>(entries.back().mask | (1U << (behind - 1U)));
  }
  auto b = feedback(transport_feedback, of, entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    store_be16(&b[header + both_names + 4 * i], entries[i].first);
    store_be16(&b[header + both_names + 4 * i + 2], entries[i].mask);
  }
  return b;
}

void for_each_wanted(bytes_view rest, const std::function<void(std::uint32_t, std::uint16_t)>& each) {
  while (rest.size() >= header) {
    const std::size_t size = (std::size_t{load_be16(&rest[2])} + 1) * 4;
    if (size > rest.size()) return;
    const auto packet = rest.first(size);
    rest = rest.subspan(size);
    if ((packet[0] & 0x1f) != 1 || packet[1] != transport_feedback || size < header + both_names) continue;
    const auto ssrc = load_be32(&packet[8]);
    for (std::size_t at = header + both_names; at + 4 <= size; at += 4) {
      const auto first = load_be16(&packet[at]), mask = load_be16(&packet[at + 2]);
      each(ssrc, first);
      for (unsigned i = 0; i < 16; ++i)
        if ((mask >> i & 1U) != 0) each(ssrc, static_cast<std::uint16_t>(first + i + 1));
    }
  }
}

}  // namespace berth::net
