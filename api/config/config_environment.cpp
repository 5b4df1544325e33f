// Reads the machine's limits from /proc and the process.
#include "api/config/config_environment.hpp"

#include <sys/resource.h>

#include <charconv>

#include "api/config/file.hpp"

namespace berth::api {
namespace {

std::optional<std::uint64_t> leading_number(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::optional<net::port_range> port_range_of(std::optional<std::uint64_t> first, std::optional<std::uint64_t> last) {
  if (!first || !last || *first > *last || *last > 65535) return std::nullopt;
  return net::port_range{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
}

}  // namespace

std::optional<net::port_range> parse_ephemeral_ports(std::string_view text) {
  const auto first = leading_number(text);
  return port_range_of(first, leading_number(text));
}

std::vector<net::port_range> parse_reserved_ports(std::string_view text) {
  std::vector<net::port_range> ranges;
  while (const auto first = leading_number(text)) {
    auto last = first;
    if (text.starts_with('-')) {
      text.remove_prefix(1);
      last = leading_number(text);
    }
    if (const auto range = port_range_of(first, last)) ranges.push_back(*range);
    if (!text.starts_with(',')) break;
    text.remove_prefix(1);
  }
  return ranges;
}

config_environment read_config_environment() {
  config_environment found;
  if (const auto line = read_file("/proc/sys/net/ipv4/ip_local_port_range"))
    found.ephemeral_ports = parse_ephemeral_ports(*line);
  if (const auto line = read_file("/proc/sys/net/ipv4/ip_local_reserved_ports"))
    found.reserved_ports = parse_reserved_ports(*line);
  if (const auto line = read_file("/proc/sys/net/core/rmem_max")) {
    std::string_view text = *line;
    found.rmem_max = leading_number(text);
  }
  // The hard limit: the daemon raises its soft one to it.
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max != RLIM_INFINITY)
    found.descriptor_limit = limit.rlim_max;
  return found;
}

}  // namespace berth::api
