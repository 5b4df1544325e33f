// The configuration's ways in and out: INI files, --set arguments, the printed form, the limits of the machine.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <utility>

#include "api/config.hpp"
#include "api/ini.hpp"
#include "net/error.hpp"

namespace berth::api {
namespace {

std::optional<std::string> first_line(const char* path) {
  std::ifstream file{path};
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

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

std::string_view name_of(value_type type) {
  switch (type) {
    case value_type::boolean:
      return "0 or 1";
    case value_type::integer:
      return "integer";
    case value_type::number:
      return "number";
    case value_type::text:
      return "text";
    case value_type::choice:
      return "choice";
    case value_type::port_range:
      return "port range";
    case value_type::address:
      return "address";
    case value_type::url:
      return "URL";
    case value_type::ip_ranges:
      return "address ranges";
    case value_type::secret:
      return "secret";
  }
  return "";
}

/// "integer within 1..86400, default 15, acts after a restart"
std::string facts_of(const config_key& key) {
  std::string facts{name_of(key.type)};
  if (key.type == value_type::choice) facts = key.choices;
  if (key.type == value_type::integer || key.type == value_type::number)
    facts += fmt::format(" within {}..{}", key.min, key.max);
  if (!key.default_text.empty()) facts += fmt::format(", default {}", key.default_text);
  if (key.effect == key_effect::kept) facts += ", kept for compatibility: Berth does not act on it yet";
  if (key.time == key_time::at_start) facts += ", acts after a restart";
  if (key.access == key_access::api_read_only) facts += ", not for the API";
  return facts;
}

}  // namespace

std::string config::to_ini() const {
  std::string out = "; The configuration of berthd, every key with its value.\n";
  std::string_view section;
  for (const auto& key : config_keys()) {
    if (key.section() != section) {
      section = key.section();
      out += fmt::format("\n[{}]\n", section);
    }
    const auto& value = text(key.name);
    const bool masked = key.type == value_type::secret && !value.empty();
    out += fmt::format("; {}\n; ({})\n", key.sentence, facts_of(key));
    out += masked ? fmt::format(";{}=***\n", key.short_name())
                  : fmt::format("{}={}\n", key.short_name(), ini_value(value));
  }
  return out;
}

config_errors config::warnings(const config_environment& environment) const {
  config_errors found = remarks_;
  const auto warn = [&](const char* key, std::string text) { found.push_back({key, std::move(text), origin(key)}); };

  const auto range = get_port_range("rtp_proxy.port_range");
  if (const auto& kernel = environment.ephemeral_ports) {
    const net::port_range shared{std::max(range.first, kernel->first), std::min(range.last, kernel->last)};
    const bool reserved =
        std::any_of(environment.reserved_ports.begin(), environment.reserved_ports.end(),
                    [&](const net::port_range& r) { return r.first <= shared.first && shared.last <= r.last; });
    if (shared.first <= shared.last && !reserved)
      warn("rtp_proxy.port_range",
           fmt::format("{0}-{1} overlaps the ports {2}-{3} that the kernel gives to outgoing connections of any program, "
                       "so opens can fail; set net.ipv4.ip_local_reserved_ports={4}-{5}, or choose another range",
                       range.first, range.last, kernel->first, kernel->last, shared.first, shared.last));
  }
  const auto needed = 2 * static_cast<std::uint64_t>(range.pairs()) + reserved_descriptors;
  if (environment.descriptor_limit && *environment.descriptor_limit < needed)
    warn("rtp_proxy.port_range",
         fmt::format("{} pairs need {} descriptors, the limit is {}; raise it (LimitNOFILE= of systemd, ulimit -n) or "
                     "narrow the range",
                     range.pairs(), needed, *environment.descriptor_limit));

  const auto buffer = static_cast<std::uint64_t>(get_int("rtp_proxy.udp_recv_socket_buffer"));
  if (environment.rmem_max && *environment.rmem_max < buffer)
    warn("rtp_proxy.udp_recv_socket_buffer",
         fmt::format("{0} bytes are asked for, the kernel gives {1} at most, and a burst may be lost; set "
                     "net.core.rmem_max={0}, or lower the key",
                     buffer, *environment.rmem_max));
  return found;
}

config_layer read_config_layer(const std::filesystem::path& path, bool may_be_missing) {
  config_layer layer;
  std::error_code unknown;
  if (may_be_missing && !std::filesystem::exists(path, unknown) && !unknown) return layer;
  // A directory opens like a file, and only reading it fails; text is read whole so that this is seen.
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  std::string text;
  if (file.is_open() && !std::filesystem::is_directory(path, unknown))
    text.assign(std::istreambuf_iterator<char>{file}, {});
  else if (errno == 0)
    errno = EISDIR;
  if (errno != 0 || file.bad()) {
    layer.errors.push_back({"", net::system_error(errno, "read").text, path.string()});
    return layer;
  }
  const auto document = parse_ini(text);
  const auto place = [&](std::size_t line) { return fmt::format("{}:{}", path.string(), line); };
  for (const auto& e : document.entries) layer.entries.push_back({e.section + "." + e.key, e.value, place(e.line)});
  for (const auto& e : document.errors) layer.errors.push_back({e.key, e.text, place(e.line)});
  return layer;
}

config_layer parse_set_arguments(const std::vector<std::string>& arguments) {
  config_layer layer;
  for (const auto& argument : arguments) {
    const auto equals = argument.find('=');
    if (equals == std::string::npos || equals == 0)
      layer.errors.push_back({"", fmt::format("'{}' is not section.key=value", argument), "--set"});
    else
      layer.entries.push_back({argument.substr(0, equals), argument.substr(equals + 1), "--set"});
  }
  return layer;
}

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
  if (const auto line = first_line("/proc/sys/net/ipv4/ip_local_port_range"))
    found.ephemeral_ports = parse_ephemeral_ports(*line);
  if (const auto line = first_line("/proc/sys/net/ipv4/ip_local_reserved_ports"))
    found.reserved_ports = parse_reserved_ports(*line);
  if (const auto line = first_line("/proc/sys/net/core/rmem_max")) {
    std::string_view text = *line;
    found.rmem_max = leading_number(text);
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) found.descriptor_limit = limit.rlim_cur;
  return found;
}

}  // namespace berth::api
