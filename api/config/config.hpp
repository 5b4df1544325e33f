// The configuration of a node: one immutable value made from layers, with every error found at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/config/config_environment.hpp"
#include "api/config/config_schema.hpp"
#include "api/config/config_value.hpp"
#include "net/base/result.hpp"
#include "net/base/time.hpp"

namespace berth::api {

/// What is wrong (or, as a warning, doubtful) with which key, and where it was written: "berth.ini:12", "--set", "".
struct config_error {
  std::string key;
  std::string text;
  std::string origin;

  /// "berth.ini:12: http.port: 70000 is not within 0..65535"
  std::string to_string() const;
};
using config_errors = std::vector<config_error>;

/// A value as somebody wrote it, not yet checked.
struct config_entry {
  std::string key;
  std::string text;
  std::string origin;
};

/// All that one source says, together with what could not even be read as key and value.
struct config_layer {
  std::vector<config_entry> entries;
  config_errors errors;
};

/// The sources, the weakest first: table defaults < file < overrides < command line.
/// * file: the INI of --config. A key that does not exist is an error, with the nearest known name.
/// * overrides: what the API saved. A key that does not exist (any more) is skipped with a warning, because nobody
/// wrote
///   it by hand; so are keys that the API may not write.
/// * command_line: --set. As strict as the file; the last one of a key holds. It wins over the API too: who starts the
///   program has the last word.
/// * generated: values for the `generated` keys (api.secret, general.mediaServerId) that are still empty after that, or
///   hold a secret that everybody knows.
struct config_layers {
  config_layer file;
  config_layer overrides;
  config_layer command_line;
  std::map<std::string, std::string> generated;
};

/// Descriptors that the node needs besides two for each port pair: connections of controllers and viewers, epoll sets.
inline constexpr std::uint64_t reserved_descriptors = 512;

/// All values of all keys, each checked. Immutable and freely copied; shared as std::shared_ptr<const config>, readable
/// from every thread. Asking for a key that is not in the table, or for another type than the table's, is a bug in
/// Berth and ends the program.
class config {
 public:
  /// The table's defaults.
  config();

  static net::result<config, config_errors> build(const config_layers& layers);

  bool get_bool(std::string_view key) const;
  std::int64_t get_int(std::string_view key) const;
  /// Of an integer or a number.
  double get_number(std::string_view key) const;
  /// Of a text, choice, address, URL or secret.
  const std::string& get_text(std::string_view key) const;
  net::port_range get_port_range(std::string_view key) const;
  const ip_ranges& get_ip_ranges(std::string_view key) const;
  /// An integer or number of seconds, or of milliseconds, as a duration.
  net::duration get_seconds(std::string_view key) const;
  net::duration get_milliseconds(std::string_view key) const;

  /// The text of any key, as it was written: what getServerConfig answers.
  const std::string& text(std::string_view key) const;
  /// Where the value comes from: "default", "generated", "berth.ini:12", "overrides.ini:3", "--set".
  const std::string& origin(std::string_view key) const;
  /// Every key with its text, in the table's order. Secrets are in it: filter by value_type before you log or post it.
  std::map<std::string, std::string> all() const;

  /// Remarks made while building (skipped overrides), and all that does not fit the machine, each saying what to do.
  config_errors warnings(const config_environment& environment) const;

  /// The full INI: every key with its sentence and its value. It can be read back; a secret is masked by "***" in a
  /// line that is commented out, so that reading it back can not make the mask the secret.
  std::string to_ini() const;

  /// The names of the keys whose texts differ.
  static std::vector<std::string> difference(const config& before, const config& after);

 private:
  struct item {
    config_value value;
    std::string origin;
  };
  const item& find(std::string_view key) const;
  template <class T>
  const T& meaning(std::string_view key) const;
  std::string where(std::string_view key) const;

  void apply(const config_layer& layer, bool strict, config_errors& errors);
  void fill_generated(const std::map<std::string, std::string>& generated, config_errors& errors);
  void cross_check(config_errors& errors) const;

  std::vector<item> items_;  // in the table's order
  config_errors remarks_;
};

/// Reads an INI file as a layer. A file that can not be read is an error, unless it may be missing and is.
config_layer read_config_layer(const std::filesystem::path& path, bool may_be_missing = false);

/// Reads "section.key=value" arguments as a layer with the origin "--set".
config_layer parse_set_arguments(const std::vector<std::string>& arguments);

}  // namespace berth::api
