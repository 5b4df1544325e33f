// How a change gets from the API or the file into a snapshot, by way of the disk.
#include "api/config/config_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "api/config/file.hpp"
#include "api/config/ini.hpp"

namespace berth::api {
namespace {

/// The INI text of the overrides, sorted, so that the same settings make the same file.
std::string overrides_text(std::vector<config_entry> entries) {
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  std::string out = "; Settings made through the API, written by berthd. They win over its configuration file.\n";
  std::string section;
  for (const auto& entry : entries) {
    const auto dot = entry.key.find('.');
    if (entry.key.substr(0, dot) != section) {
      section = entry.key.substr(0, dot);
      out += fmt::format("\n[{}]\n", section);
    }
    out += fmt::format("{}={}\n", entry.key.substr(dot + 1), ini_value(entry.text));
  }
  return out;
}

void put(std::vector<config_entry>& entries, config_entry next) {
  const auto old = std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.key == next.key; });
  if (old == entries.end())
    entries.push_back(std::move(next));
  else
    *old = std::move(next);
}

bool has(const config_layer& layer, std::string_view key, std::optional<std::string_view> text = std::nullopt) {
  return std::any_of(layer.entries.begin(), layer.entries.end(),
                     [&](const config_entry& e) { return e.key == key && (!text || e.text == *text); });
}

}  // namespace

config_layers config_sources::read() const {
  config_layers layers;
  if (!file.empty()) layers.file = read_config_layer(file);
  if (!overrides.empty()) layers.overrides = read_config_layer(overrides, true);
  layers.command_line = parse_set_arguments(set_arguments);
  layers.generated = generated;
  return layers;
}

net::result<std::unique_ptr<config_store>, config_errors> config_store::open(config_sources sources) {
  auto layers = sources.read();
  auto first = config::build(layers);
  if (!first) return net::failure{std::move(first.error())};
  return std::unique_ptr<config_store>{
      new config_store{std::move(sources), std::move(layers), std::make_shared<const config>(std::move(*first))}};
}

config_store::config_store(config_sources sources, config_layers layers, std::shared_ptr<const config> first)
    : sources_(std::move(sources)), layers_(std::move(layers)), current_(std::move(first)) {}

std::shared_ptr<const config> config_store::current() const {
  const std::lock_guard lock{current_lock_};
  return current_;
}

void config_store::on_change(listener call) {
  const std::lock_guard lock{change_};
  listeners_.push_back(std::move(call));
}

net::result<config_changes, config_errors> config_store::set(const std::map<std::string, std::string>& values,
                                                             std::string_view origin, const objection& objections) {
  const std::lock_guard lock{change_};
  if (sources_.overrides.empty())
    return net::failure{config_errors{{"", "there is no state directory to keep settings in", std::string{origin}}}};
  auto next = layers_;
  const auto before = current();
  config_changes ignored;
  config_errors errors;
  std::vector<std::string> pinned;
  bool stored = false;
  for (const auto& [name, text] : values) {
    const auto* key = find_config_key(name);
    if (key == nullptr || key->access == key_access::api_read_only) {
      ++(key == nullptr ? ignored.unknown : ignored.read_only);
      continue;
    }
    auto value = parse_config_value(*key, text);
    if (!value) {
      errors.push_back({name, std::move(value.error()), std::string{origin}});
    } else if (key->access == key_access::generated && value->text.empty()) {
      errors.push_back({name, "must not be empty: the node would be out of reach", std::string{origin}});
    } else if (key->type == value_type::secret && is_public_secret(value->text)) {
      errors.push_back({name, "is the secret of public sample files: everybody knows it", std::string{origin}});
    } else {
      // What --set hides at present is stored all the same, for a start without it.
      const bool hidden = has(layers_.command_line, name);
      if (hidden ? !has(layers_.overrides, name, value->text) : value->text != before->text(name)) {
        stored = true;
        put(next.overrides.entries, {name, std::move(value->text), std::string{origin}});
        if (hidden) pinned.push_back(name);
      }
    }
  }
  if (!errors.empty()) return net::failure{std::move(errors)};
  if (!stored) return ignored;

  auto built = config::build(next);
  if (!built) return net::failure{std::move(built.error())};
  if (objections)
    if (auto against = objections(*before, *built); !against.empty()) return net::failure{std::move(against)};
  if (const auto error = write_file_atomically(sources_.overrides, overrides_text(next.overrides.entries), 0600))
    return net::failure{config_errors{{"", error->text, std::string{origin}}}};
  layers_ = std::move(next);

  auto changes = publish(std::make_shared<const config>(std::move(*built)));
  changes.unknown = ignored.unknown;
  changes.read_only = ignored.read_only;
  changes.pinned = std::move(pinned);
  return changes;
}

net::result<config_changes, config_errors> config_store::reload() {
  const std::lock_guard lock{change_};
  auto layers = sources_.read();
  auto built = config::build(layers);
  if (!built) return net::failure{std::move(built.error())};
  layers_ = std::move(layers);
  return publish(std::make_shared<const config>(std::move(*built)));
}

config_changes config_store::publish(std::shared_ptr<const config> next) {
  auto before = next;
  {
    const std::lock_guard lock{current_lock_};
    current_.swap(before);
  }
  config_changes changes;
  changes.changed = config::difference(*before, *next);
  for (const auto& name : changes.changed)
    if (find_config_key(name)->time == key_time::at_start) changes.after_restart.push_back(name);
  if (!changes.changed.empty())
    for (const auto& call : listeners_) call(*before, *next);
  return changes;
}

}  // namespace berth::api
