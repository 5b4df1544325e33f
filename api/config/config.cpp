// Layers into one checked value, the typed getters, and the ways in and out as text.
#include "api/config/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "api/config/file.hpp"
#include "api/config/ini.hpp"

namespace berth::api {
namespace {

/// A key that the table does not have, or not with this type, is a slip in Berth's own code. Going on would run the
/// node with a value that nobody set.
[[noreturn]] void misused(std::string_view key, const char* how) {
  std::fprintf(stderr, "configuration key '%.*s': %s\n", static_cast<int>(key.size()), key.data(), how);
  std::abort();
}

std::size_t index_of(const config_key& key) { return static_cast<std::size_t>(&key - config_keys().data()); }

std::string unknown_key_text(std::string_view key) {
  const auto nearest = nearest_config_key(key);
  return nearest.empty() ? "there is no such key" : fmt::format("there is no such key; did you mean {}?", nearest);
}

net::duration as_duration(double value, double nanoseconds) {
  return std::chrono::duration_cast<net::duration>(std::chrono::nanoseconds{std::llround(value * nanoseconds)});
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

std::string config_error::to_string() const {
  std::string out;
  for (const auto& part : {origin, key})
    if (!part.empty()) out += part + ": ";
  return out + text;
}

config::config() {
  items_.reserve(config_keys().size());
  for (const auto& key : config_keys()) {
    auto value = parse_config_value(key, key.default_text);
    if (!value) misused(key.name, "the default is not valid");
    items_.push_back({std::move(*value), "default"});
  }
}

net::result<config, config_errors> config::build(const config_layers& layers) {
  config built;
  config_errors errors;
  built.apply(layers.file, true, errors);
  built.apply(layers.overrides, false, errors);
  built.apply(layers.command_line, true, errors);
  built.fill_generated(layers.generated, errors);
  built.cross_check(errors);
  if (!errors.empty()) return net::failure{std::move(errors)};
  return built;
}

void config::apply(const config_layer& layer, bool strict, config_errors& errors) {
  errors.insert(errors.end(), layer.errors.begin(), layer.errors.end());
  for (const auto& [name, text, origin] : layer.entries) {
    const auto* key = find_config_key(name);
    if (key == nullptr) {
      if (strict)
        errors.push_back({name, unknown_key_text(name), origin});
      else
        remarks_.push_back({name, "saved, but there is no such key (any more); it is skipped", origin});
      continue;
    }
    if (!strict && key->access == key_access::api_read_only) {
      remarks_.push_back({name, "saved, but only the file and --set may set it; it is skipped", origin});
      continue;
    }
    auto value = parse_config_value(*key, text);
    if (value)
      items_[index_of(*key)] = {std::move(*value), origin};
    else
      errors.push_back({name, std::move(value.error()), origin});
  }
}

void config::fill_generated(const std::map<std::string, std::string>& generated, config_errors& errors) {
  for (const auto& [name, text] : generated) {
    const auto* key = find_config_key(name);
    if (key == nullptr || key->access != key_access::generated) misused(name, "is not generated");
    auto& present = items_[index_of(*key)];
    const bool is_sample = is_public_secret(present.value.text);
    if (!is_sample && !present.value.text.empty()) continue;
    if (is_sample)
      remarks_.push_back({name, "this secret is in public sample files; the one of the state directory is used instead",
                          present.origin});
    auto value = parse_config_value(*key, text);
    if (value)
      present = {std::move(*value), "generated"};
    else
      errors.push_back({name, std::move(value.error()), "generated"});
  }
}

std::string config::where(std::string_view key) const { return fmt::format("{} ({})", text(key), origin(key)); }

void config::cross_check(config_errors& errors) const {
  // A value with an error of its own has not been taken, and what stands in its place says nothing about the others.
  const auto known_bad = [errors](std::string_view key) {
    return std::any_of(errors.begin(), errors.end(), [&](const config_error& e) { return e.key == key; });
  };
  // The first key is to blame, unless only the second one was set by somebody.
  const auto conflict = [&](std::string_view first, std::string_view second, std::string_view how) {
    if (known_bad(first) || known_bad(second)) return;
    const bool first_is_default = origin(first) == "default" && origin(second) != "default";
    const auto blamed = first_is_default ? second : first;
    errors.push_back(
        {std::string{blamed},
         fmt::format("{} {} {} {} {}: change one of them", first, where(first), how, second, where(second)),
         origin(blamed)});
  };
  const auto range = get_port_range("rtp_proxy.port_range");
  for (const auto* key : {"rtp_proxy.port", "http.port", "rtsp.port"})
    if (const auto port = get_int(key); port != 0 && range.contains(static_cast<std::uint16_t>(port)))
      conflict(key, "rtp_proxy.port_range", "lies inside");
  for (const auto& [first, second] :
       {std::pair{"http.port", "rtp_proxy.port"}, {"http.port", "rtsp.port"}, {"rtsp.port", "rtp_proxy.port"}})
    if (const auto port = get_int(first); port != 0 && port == get_int(second))
      conflict(first, second, "is the same TCP port as");
  // The distance between the two is what keeps an alarm from flapping.
  if (get_number("alarm.clear_ratio") > get_number("alarm.raise_ratio"))
    conflict("alarm.clear_ratio", "alarm.raise_ratio", "is above");
  if (get_number("alarm.pool_clear_ratio") < get_number("alarm.pool_low_ratio"))
    conflict("alarm.pool_clear_ratio", "alarm.pool_low_ratio", "is below");
  if (const auto processors = parse_processors(get_text("berth.reactor_cpus")); !processors)
    errors.push_back({"berth.reactor_cpus", processors.error(), origin("berth.reactor_cpus")});
}

const config::item& config::find(std::string_view key) const {
  const auto* found = find_config_key(key);
  if (found == nullptr) misused(key, "there is no such key");
  return items_[index_of(*found)];
}

template <class T>
const T& config::meaning(std::string_view key) const {
  const auto* value = std::get_if<T>(&find(key).value.meaning);
  if (value == nullptr) misused(key, "read as another type than it has");
  return *value;
}

bool config::get_bool(std::string_view key) const { return meaning<bool>(key); }
std::int64_t config::get_int(std::string_view key) const { return meaning<std::int64_t>(key); }
net::port_range config::get_port_range(std::string_view key) const { return meaning<net::port_range>(key); }
const ip_ranges& config::get_ip_ranges(std::string_view key) const { return meaning<ip_ranges>(key); }

double config::get_number(std::string_view key) const {
  if (const auto* whole = std::get_if<std::int64_t>(&find(key).value.meaning)) return static_cast<double>(*whole);
  return meaning<double>(key);
}

const std::string& config::get_text(std::string_view key) const {
  meaning<std::monostate>(key);
  return text(key);
}

net::duration config::get_seconds(std::string_view key) const { return as_duration(get_number(key), 1e9); }
net::duration config::get_milliseconds(std::string_view key) const { return as_duration(get_number(key), 1e6); }

const std::string& config::text(std::string_view key) const { return find(key).value.text; }
const std::string& config::origin(std::string_view key) const { return find(key).origin; }

std::map<std::string, std::string> config::all() const {
  std::map<std::string, std::string> texts;
  for (const auto& key : config_keys()) texts.emplace(key.name, text(key.name));
  return texts;
}

std::vector<std::string> config::difference(const config& before, const config& after) {
  std::vector<std::string> names;
  for (const auto& key : config_keys())
    if (before.text(key.name) != after.text(key.name)) names.emplace_back(key.name);
  return names;
}

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
           fmt::format(
               "{0}-{1} overlaps the ports {2}-{3} that the kernel gives to outgoing connections of any program, "
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
  const auto text = read_file(path);
  if (!text) {
    if (!may_be_missing || text.error().code != ENOENT) layer.errors.push_back({"", text.error().text, ""});
    return layer;
  }
  const auto document = parse_ini(*text);
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

}  // namespace berth::api
