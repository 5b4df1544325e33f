// The command line of berthd, and the commands that end before anything is bound.
#pragma once

#include <string>
#include <vector>

#include "api/config/config.hpp"
#include "api/text/version.hpp"
#include "net/base/result.hpp"

namespace berth::api {

/// berthd [--config FILE] [--set section.key=value]... [--check-config] [--print-config] [--version] [--help]
struct options {
  std::string config_file;       // empty = none
  std::vector<std::string> set;  // each "section.key=value", not yet checked
  bool check_config = false;
  bool print_config = false;
  bool version = false;
  bool help = false;
};

struct options_error {
  std::string text;
  int exit_code = 2;
};

net::result<options, options_error> parse_options(int argc, const char* const* argv);

/// What a command prints and how it ends.
struct command_result {
  int exit_code = 0;
  std::string out;  // for standard output
  std::string err;  // for standard error
};

/// True when one of the options is a command: run_command() and exit instead of serving.
bool is_command(const options& given);

/// Runs --help, --version, --print-config or --check-config (in this order of precedence). Reads the file, --set and
/// the saved overrides; makes nothing: no directory, no secret.
/// * --print-config: the effective configuration as an INI file; with errors, the errors and exit code 2.
/// * --check-config: every error and every warning, one a line; exit code 2 when there is an error, else 0.
command_result run_command(const options& given, const config_environment& environment);

std::string help_text();

}  // namespace berth::api
