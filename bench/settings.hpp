// What all subcommands take on their command line, and what they share of the machine.
#pragma once

#include <boost/program_options.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bench/report.hpp"
#include "bench/service.hpp"
#include "bench/svg_plot.hpp"

namespace berth::bench {

/// Read from the command line by main, used by every subcommand.
struct settings {
  std::string url, secret;        ///< a server that runs already; without them a berthd is started
  pid_t pid = 0;                  ///< of that server, to read what it uses
  std::filesystem::path program;  ///< berthd; default: the one built beside this program
  std::vector<std::string> set;   ///< further settings of the started berthd
  int service_processor = -1;     ///< default: the last one, if there are two or more
  int load_processor = -1;        ///< default: the first one, if there are two or more
  std::size_t repetitions = 5;
  bool json = false;
  std::filesystem::path plot;
  bool any_host = false;
  bool quiet = false;

  static boost::program_options::options_description options(settings& s);
  /// Fills in the defaults that depend on the machine.
  void complete(const char* own_path);

  /// A line for people who wait; nothing with --quiet.
  void progress(const std::string& text) const;
  /// Prints the reports as wanted.
  void print(const std::vector<report>& reports) const;
};

/// The server of a subcommand: the one that was named, or a berthd started for it.
class target {
 public:
  explicit target(const settings& s, const std::vector<std::string>& more_settings = {});

  const service_address& address() const noexcept { return address_; }
  bool can_be_measured() const noexcept { return address_.pid != 0; }

 private:
  std::optional<launched_service> launched_;
  service_address address_;
};

/// A subcommand: its own options, and what it does. Returns the exit code.
struct subcommand {
  const char* name;
  const char* what;
  boost::program_options::options_description (*options)();
  int (*run)(const settings&, const boost::program_options::variables_map&);
};

extern const subcommand control_command, ingest_command, floor_command, fanout_command, idle_command, churn_command,
    soak_command;

}  // namespace berth::bench
