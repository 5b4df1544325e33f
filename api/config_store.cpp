// Changing the configuration of a running node, and keeping the change.
#include "api/config_store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "api/ini.hpp"
#include "net/unique_fd.hpp"

namespace berth::api {
namespace {

std::string overrides_text(const config_layer& layer) {
  std::string out = "; Written by berthd: what setServerConfig has changed.\n";
  std::map<std::string, std::map<std::string, std::string>> sections;
  for (const auto& e : layer.entries) {
    const auto dot = e.key.find('.');
    sections[e.key.substr(0, dot)][e.key.substr(dot + 1)] = e.text;
  }
  for (const auto& [section, keys] : sections) {
    out += "\n[" + section + "]\n";
    for (const auto& [key, value] : keys) out += key + "=" + ini_value(value) + "\n";
  }
  return out;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// A reader finds the old file or the new one, whole, whatever happens in between; on return the new one is on disk.
std::optional<std::string> replace_file(const std::filesystem::path& path, std::string_view text) {
  const auto failed = [&](const char* step) {
    return std::string{step} + " " + path.string() + ": " + std::strerror(errno);
  };
  const auto next = path.string() + ".new";
  net::unique_fd file{::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  if (!file) return failed("create");
  if (!write_all(file.get(), text)) return failed("write");
  if (::fsync(file.get()) != 0) return failed("sync");
  if (::rename(next.c_str(), path.c_str()) != 0) return failed("rename");
  const net::unique_fd directory{::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!directory || ::fsync(directory.get()) != 0) return failed("sync the directory of");
  return std::nullopt;
}

void put(config_layer& layer, const std::string& key, const std::string& text, std::string_view origin) {
  for (auto& e : layer.entries) {
    if (e.key != key) continue;
    e.text = text;
    e.origin = origin;
    return;
  }
  layer.entries.push_back({key, text, std::string{origin}});
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
  if (!first) return net::failure{first.error()};
  return std::unique_ptr<config_store>(
      new config_store(std::move(sources), std::move(layers), std::make_shared<const config>(std::move(*first))));
}

config_store::config_store(config_sources sources, config_layers layers, std::shared_ptr<const config> first)
    : sources_(std::move(sources)), layers_(std::move(layers)), current_(std::move(first)) {}

std::shared_ptr<const config> config_store::snapshot() const {
  const std::lock_guard lock{current_lock_};
  return current_;
}

net::result<config_changes, config_errors> config_store::set(const std::map<std::string, std::string>& values,
                                                             std::string_view origin) {
  const std::lock_guard lock{change_};
  const auto before = snapshot();
  std::size_t unknown = 0;
  std::size_t read_only = 0;
  config_errors errors;
  auto layers = layers_;
  std::vector<std::string> asked;
  for (const auto& [name, text] : values) {
    const auto* key = find_config_key(name);
    if (key == nullptr) {
      ++unknown;
      continue;
    }
    if (key->access == key_access::api_read_only) {
      ++read_only;
      continue;
    }
    auto value = parse_config_value(*key, text);
    if (!value) {
      errors.push_back({name, value.error(), std::string{origin}});
    } else if (key->access == key_access::generated && value->text.empty()) {
      errors.push_back({name, "it must not be empty", std::string{origin}});
    } else if (value->text != before->text(name)) {
      put(layers.overrides, name, value->text, origin);
      asked.push_back(name);
    }
  }
  if (!errors.empty()) return net::failure{std::move(errors)};
  auto next = config::build(layers);
  if (!next) return net::failure{next.error()};
  if (!asked.empty() && !sources_.overrides.empty()) {
    if (auto failed = replace_file(sources_.overrides, overrides_text(layers.overrides)))
      return net::failure{config_errors{{"", "not saved, nothing has changed: " + *failed, std::string{origin}}}};
  }
  layers_ = std::move(layers);
  auto changes = publish(std::make_shared<const config>(std::move(*next)));
  changes.unknown = unknown;
  changes.read_only = read_only;
  for (const auto& name : asked)
    if (snapshot()->origin(name) == "--set") changes.pinned.push_back(name);
  return changes;
}

net::result<config_changes, config_errors> config_store::reload() {
  const std::lock_guard lock{change_};
  auto layers = sources_.read();
  auto next = config::build(layers);
  if (!next) return net::failure{next.error()};
  layers_ = std::move(layers);
  return publish(std::make_shared<const config>(std::move(*next)));
}

void config_store::on_change(listener call) {
  const std::lock_guard lock{change_};
  listeners_.push_back(std::move(call));
}

config_changes config_store::publish(std::shared_ptr<const config> next) {
  const auto before = snapshot();
  config_changes changes;
  changes.changed = config::difference(*before, *next);
  for (const auto& name : changes.changed)
    if (find_config_key(name)->time == key_time::at_start) changes.after_restart.push_back(name);
  {
    const std::lock_guard lock{current_lock_};
    current_ = next;
  }
  if (!changes.changed.empty())
    for (const auto& call : listeners_) call(*before, *next);
  return changes;
}

}  // namespace berth::api
