// The one table of all configuration keys: names, defaults, types, limits, documentation.
// Key names and defaults follow the INI of ZLMediaKit wherever it has the key, so that its files and its controllers
// fit.
#pragma once

#include <span>
#include <string_view>

namespace berth::api {

enum class value_type {
  boolean,     // 0 or 1; true/false, yes/no, on/off are read too
  integer,     // within min..max
  number,      // within min..max, with or without a fraction
  text,        // anything without control characters
  choice,      // one of `choices`
  port_range,  // "a-b" with at least one even/odd pair
  address,     // numeric IPv4 or IPv6
  url,         // http:// or https://, or empty
  ip_ranges,   // addresses and address ranges, separated by commas; empty = everybody
  secret,      // text that is never shown
};

enum class key_effect {
  acts,  // Berth does something with it now
  kept,  // accepted, stored and returned, for controllers and files written for other servers
};

enum class key_time {
  at_run_time,  // a change acts at once
  at_start,     // a change is stored and acts after a restart
};

/// Who may leave a key empty or write it.
enum class key_access {
  normal,
  generated,  // empty means: the value that was made once and is kept in the state directory. The API can not empty it
  api_read_only,  // file and command line only; the API ignores it
};

/// One key. All texts are literals: the table lives as long as the program and may be read from every thread.
struct config_key {
  std::string_view name;  // "section.key"
  std::string_view default_text;
  value_type type = value_type::text;
  std::string_view sentence;
  double min = 0;
  double max = 0;
  std::string_view choices = {};  // "a|b|c"
  key_effect effect = key_effect::kept;
  key_time time = key_time::at_run_time;
  key_access access = key_access::normal;

  std::string_view section() const noexcept { return name.substr(0, name.find('.')); }
  std::string_view short_name() const noexcept { return name.substr(name.find('.') + 1); }
};

/// All keys, section by section, in the order in which they are printed.
std::span<const config_key> config_keys();

/// The key of that exact name, or nullptr.
const config_key* find_config_key(std::string_view name);

/// The known name with the smallest edit distance to `name`, for "did you mean"; empty when nothing is near.
std::string_view nearest_config_key(std::string_view name);

}  // namespace berth::api
