#include "api/config/ip_ranges.hpp"

#include <algorithm>
#include <charconv>

#include "api/text/text.hpp"

namespace berth::api {
namespace {

constexpr unsigned mapped_bits = 96;  // an IPv4 address is the last 32 of 128 bits

}  // namespace

net::result<ip_ranges::range, std::string> ip_ranges::parse_part(std::string_view part) {
  const auto wrong = [part](std::string_view why) {
    return net::failure{std::string{"'"}.append(part).append("' ").append(why)};
  };

  if (const auto slash = part.find('/'); slash != std::string_view::npos) {
    const auto base = net::endpoint::parse(trim(part.substr(0, slash)), 0);
    if (!base) return wrong("does not begin with an IP address");
    const auto digits = trim(part.substr(slash + 1));
    const unsigned most = base->is_v4() ? 32 : 128;
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc{} || end != digits.data() + digits.size() || bits > most)
      return wrong("has a prefix length that is not within 0.." + std::to_string(most));
    if (base->is_v4()) bits += mapped_bits;
    range r{base->raw_address(), base->raw_address(), base->is_v4()};
    for (unsigned i = 0; i < 16; ++i) {
      const unsigned kept = std::clamp(bits, i * 8, i * 8 + 8) - i * 8;
      const auto host = static_cast<std::uint8_t>(0xffU >> kept);
      r.first[i] = static_cast<std::uint8_t>(r.first[i] & ~host);
      r.last[i] = static_cast<std::uint8_t>(r.last[i] | host);
    }
    return r;
  }

  const auto dash = part.find('-');
  const auto first = net::endpoint::parse(trim(part.substr(0, dash)), 0);
  const auto last = dash == std::string_view::npos ? first : net::endpoint::parse(trim(part.substr(dash + 1)), 0);
  if (!first || !last) return wrong("is not an IP address, a range of two, or a block with a prefix length");
  if (first->is_v4() != last->is_v4()) return wrong("mixes an IPv4 and an IPv6 address");
  if (last->raw_address() < first->raw_address()) return wrong("ends before it begins");
  return range{first->raw_address(), last->raw_address(), first->is_v4()};
}

net::result<ip_ranges, std::string> ip_ranges::parse(std::string_view text) {
  ip_ranges parsed;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto part = trim(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    if (part.empty()) continue;
    auto r = parse_part(part);
    if (!r) return net::failure{std::move(r.error())};
    parsed.ranges_.push_back(*r);
  }
  return parsed;
}

bool ip_ranges::contains(const net::endpoint& address) const noexcept {
  if (ranges_.empty()) return true;
  const auto& raw_address = address.raw_address();
  return address.is_set() && std::any_of(ranges_.begin(), ranges_.end(), [&](const range& r) {
           return r.v4 == address.is_v4() && r.first <= raw_address && raw_address <= r.last;
         });
}

}  // namespace berth::api
