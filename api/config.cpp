// Layers into one checked configuration, and back into text.
#include "api/config.hpp"

#include <sys/resource.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "api/http_request.hpp"
#include "api/ini.hpp"

namespace berth::api {
namespace {

// Descriptors besides those of the streams: HTTP connections, hooks, files.
constexpr std::uint64_t descriptor_reserve = 512;

std::size_t index_of(const config_key& key) { return static_cast<std::size_t>(&key - config_keys().data()); }

std::string unknown_key(std::string_view name) {
  const auto nearest = nearest_config_key(name);
  return "there is no such key" + (nearest.empty() ? "" : "; did you mean " + std::string{nearest} + "?");
}

std::optional<std::string> read_file(const char* path) {
  std::ifstream in{path};
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

std::string config_error::to_string() const {
  std::string all = origin;
  if (!key.empty()) all += (all.empty() ? "" : ": ") + key;
  return all + (all.empty() ? "" : ": ") + text;
}

config::config() {
  for (const auto& key : config_keys()) {
    auto value = parse_config_value(key, key.default_text);
    if (!value) std::abort();  // the table contradicts itself
    items_.push_back({std::move(*value), "default"});
  }
}

net::result<config, config_errors> config::build(const config_layers& layers) {
  config c;
  config_errors errors;
  c.apply(layers.file, true, errors);
  c.apply(layers.overrides, false, errors);
  c.apply(layers.command_line, true, errors);
  c.fill_generated(layers.generated, errors);
  if (errors.empty()) c.cross_check(errors);
  if (!errors.empty()) return net::failure{std::move(errors)};
  return c;
}

void config::apply(const config_layer& layer, bool strict, config_errors& errors) {
  errors.insert(errors.end(), layer.errors.begin(), layer.errors.end());
  for (const auto& e : layer.entries) {
    const auto* key = find_config_key(e.key);
    if (key == nullptr) {
      (strict ? errors : remarks_).push_back({e.key, unknown_key(e.key) + (strict ? "" : "; skipped"), e.origin});
      continue;
    }
    if (!strict && key->access == key_access::api_read_only) {
      remarks_.push_back({e.key, "it can not be set through the API; skipped", e.origin});
      continue;
    }
    auto value = parse_config_value(*key, e.text);
    if (value)
      items_[index_of(*key)] = {std::move(*value), e.origin};
    else
      errors.push_back({e.key, value.error(), e.origin});
  }
}

void config::fill_generated(const std::map<std::string, std::string>& generated, config_errors& errors) {
  for (const auto& [name, made] : generated) {
    const auto* key = find_config_key(name);
    auto& present = items_[index_of(*key)];
    if (!present.value.text.empty()) continue;
    auto value = parse_config_value(*key, made);
    if (value)
      present = {std::move(*value), "generated"};
    else
      errors.push_back({name, value.error(), "the state directory"});
  }
}

void config::cross_check(config_errors& errors) const {
  const auto range = get_port_range("rtp_proxy.port_range");
  for (const auto* name : {"rtp_proxy.port", "http.port"}) {
    const auto port = get_int(name);
    if (port != 0 && range.contains(static_cast<std::uint16_t>(port)))
      errors.push_back({name,
                        std::to_string(port) + " lies inside rtp_proxy.port_range " + text("rtp_proxy.port_range") +
                            ": move one of them",
                        origin(name)});
  }
  for (const auto& [high, low] : {std::pair{"alarm.raise_ratio", "alarm.clear_ratio"},
                                  std::pair{"alarm.pool_clear_ratio", "alarm.pool_low_ratio"}})
    if (get_number(high) < get_number(low))
      errors.push_back({high, text(high) + " is below " + low + " " + text(low) + ": the alarm would flap",
                        origin(high)});
}

const config::item& config::find(std::string_view key) const {
  const auto* found = find_config_key(key);
  if (found == nullptr) std::abort();
  return items_[index_of(*found)];
}

template <class T>
const T& config::meaning(std::string_view key) const {
  const auto* value = std::get_if<T>(&find(key).value.meaning);
  if (value == nullptr) std::abort();
  return *value;
}

bool config::get_bool(std::string_view key) const { return meaning<bool>(key); }
std::int64_t config::get_int(std::string_view key) const { return meaning<std::int64_t>(key); }

double config::get_number(std::string_view key) const {
  const auto& m = find(key).value.meaning;
  if (const auto* whole = std::get_if<std::int64_t>(&m)) return static_cast<double>(*whole);
  return meaning<double>(key);
}

const std::string& config::get_text(std::string_view key) const { return find(key).value.text; }
net::port_range config::get_port_range(std::string_view key) const { return meaning<net::port_range>(key); }
const ip_ranges& config::get_ip_ranges(std::string_view key) const { return meaning<ip_ranges>(key); }

net::duration config::get_seconds(std::string_view key) const {
  return std::chrono::duration_cast<net::duration>(std::chrono::duration<double>(get_number(key)));
}

net::duration config::get_milliseconds(std::string_view key) const {
  return std::chrono::duration_cast<net::duration>(std::chrono::duration<double, std::milli>(get_number(key)));
}

const std::string& config::text(std::string_view key) const { return find(key).value.text; }
const std::string& config::origin(std::string_view key) const { return find(key).origin; }

std::map<std::string, std::string> config::all() const {
  std::map<std::string, std::string> m;
  for (const auto& key : config_keys()) m.emplace(key.name, items_[index_of(key)].value.text);
  return m;
}

config_errors config::warnings(const config_environment& machine) const {
  auto found = remarks_;
  const auto range = get_port_range("rtp_proxy.port_range");
  const auto warn = [&](const char* key, std::string what) { found.push_back({key, std::move(what), origin(key)}); };
  if (machine.ephemeral_ports && range.first <= machine.ephemeral_ports->last &&
      machine.ephemeral_ports->first <= range.last)
    warn("rtp_proxy.port_range", text("rtp_proxy.port_range") + " overlaps the ports that the kernel gives to other " +
                                     "sockets (" + std::to_string(machine.ephemeral_ports->first) + "-" +
                                     std::to_string(machine.ephemeral_ports->last) +
                                     "): choose another range, or put it into net.ipv4.ip_local_reserved_ports");
  const auto needed = 2 * range.pairs() + descriptor_reserve;
  if (machine.descriptor_limit && *machine.descriptor_limit < needed)
    warn("rtp_proxy.port_range", std::to_string(range.pairs()) + " pairs need about " + std::to_string(needed) +
                                     " descriptors, and the limit is " + std::to_string(*machine.descriptor_limit) +
                                     ": raise it (ulimit -n, LimitNOFILE=) or make the range smaller");
  const auto buffer = get_int("rtp_proxy.udp_recv_socket_buffer");
  if (machine.rmem_max && static_cast<std::uint64_t>(buffer) > *machine.rmem_max)
    warn("rtp_proxy.udp_recv_socket_buffer",
         std::to_string(buffer) + " is above net.core.rmem_max, " + std::to_string(*machine.rmem_max) +
             ": the kernel gives that instead, and bursts may be lost; raise it with sysctl");
  return found;
}

std::string config::to_ini() const {
  std::string out;
  std::string_view section;
  for (const auto& key : config_keys()) {
    if (key.section() != section) {
      section = key.section();
      out += (out.empty() ? "[" : "\n[") + std::string{section} + "]\n";
    }
    const auto& value = items_[index_of(key)].value.text;
    out += "; " + std::string{key.sentence} + (key.time == key_time::at_start ? " Acts after a restart.\n" : "\n");
    if (key.type == value_type::secret && !value.empty())
      out += ";" + std::string{key.short_name()} + "=***\n";
    else
      out += std::string{key.short_name()} + "=" + ini_value(value) + "\n";
  }
  return out;
}

std::vector<std::string> config::difference(const config& before, const config& after) {
  std::vector<std::string> names;
  for (const auto& key : config_keys()) {
    const auto i = index_of(key);
    if (before.items_[i].value.text != after.items_[i].value.text) names.emplace_back(key.name);
  }
  return names;
}

config_layer read_config_layer(const std::filesystem::path& path, bool may_be_missing) {
  config_layer layer;
  const auto name = path.filename().string();
  std::error_code ignored;
  if (may_be_missing && !std::filesystem::exists(path, ignored)) return layer;
  const auto text = std::filesystem::is_directory(path, ignored) ? std::nullopt : read_file(path.c_str());
  if (!text) {
    layer.errors.push_back({"", "the file can not be read", path.string()});
    return layer;
  }
  auto document = parse_ini(*text);
  const auto at = [&](std::size_t line) { return name + ":" + std::to_string(line); };
  for (auto& e : document.errors) layer.errors.push_back({std::move(e.key), std::move(e.text), at(e.line)});
  for (auto& e : document.entries) layer.entries.push_back({e.section + "." + e.key, std::move(e.value), at(e.line)});
  return layer;
}

config_layer parse_set_arguments(const std::vector<std::string>& arguments) {
  config_layer layer;
  for (const auto& argument : arguments) {
    const auto equals = argument.find('=');
    if (equals == argument.npos || equals == 0)
      layer.errors.push_back({argument, "it is not of the form section.key=value", "--set"});
    else
      layer.entries.push_back({std::string{trim(std::string_view{argument}.substr(0, equals))},
                               argument.substr(equals + 1), "--set"});
  }
  return layer;
}

config_environment read_config_environment() {
  config_environment machine;
  if (const auto text = read_file("/proc/sys/net/ipv4/ip_local_port_range"))
    machine.ephemeral_ports = parse_ephemeral_ports(*text);
  rlimit limit{};
  // The daemon raises its soft limit to the hard one.
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max != RLIM_INFINITY)
    machine.descriptor_limit = limit.rlim_max;
  if (const auto text = read_file("/proc/sys/net/core/rmem_max")) machine.rmem_max = std::strtoull(text->c_str(), nullptr, 10);
  return machine;
}

std::optional<net::port_range> parse_ephemeral_ports(std::string_view proc_text) {
  std::istringstream in{std::string{proc_text}};
  unsigned first = 0;
  unsigned last = 0;
  if (!(in >> first >> last) || first > 65535 || last > 65535 || first > last) return std::nullopt;
  return net::port_range{static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last)};
}

}  // namespace berth::api
