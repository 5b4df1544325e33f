// The command line by Boost.Program_options.
#include "api/daemon/options.hpp"

#include <fmt/format.h>

#include <boost/program_options.hpp>
#include <exception>
#include <sstream>
#include <utility>

#include "api/config/config_store.hpp"
#include "api/config/state_dir.hpp"
#include "api/core/settings.hpp"

namespace berth::api {
namespace {

namespace po = boost::program_options;

po::options_description descriptions() {
  po::options_description all{"Options"};
  auto add = all.add_options();
  add("config", po::value<std::string>()->value_name("FILE"), "read the configuration from this INI file");
  add("set", po::value<std::vector<std::string>>()->value_name("section.key=value")->composing(),
      "set one key, over the file and the API; may be given many times, the last one of a key holds");
  add("check-config", "print every error and warning of the configuration and end, with 2 if there is an error");
  add("print-config", "print the effective configuration as an INI file and end");
  add("version", "print the version and end");
  add("help", "print this and end");
  return all;
}

command_result failed(const config_errors& errors) {
  command_result result{2, {}, {}};
  for (const auto& e : errors) result.err += "error: " + e.to_string() + "\n";
  return result;
}

/// The configuration as the daemon would have it, apart from the values that it would make at its first start: they are
/// left empty, and their files unread.
net::result<config, config_errors> effective_config(const options& given) {
  config_sources sources;
  sources.file = given.config_file;
  sources.set_arguments = given.set;
  auto first = config::build(sources.read());
  if (!first) return first;
  const auto directory = find_state_dir(daemon_settings_of(*first).state_dir, state_dir_environment::of_process());
  if (!directory) return net::failure{config_errors{{"berth.state_dir", directory.error(), ""}}};
  sources.overrides = *directory / "overrides.ini";
  return config::build(sources.read());
}

}  // namespace

net::result<options, options_error> parse_options(int argc, const char* const* argv) {
  po::variables_map found;
  try {
    // No guessing: an abbreviation would change its meaning with the next option that is added.
    const auto style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    const auto all = descriptions();
    const po::positional_options_description none;
    po::store(po::command_line_parser(argc, argv).options(all).positional(none).style(style).run(), found);
    po::notify(found);
  } catch (const std::exception& e) {
    return net::failure{options_error{fmt::format("{}; see berthd --help", e.what())}};
  }
  options given;
  if (found.contains("config")) given.config_file = found["config"].as<std::string>();
  if (found.contains("config") && given.config_file.empty())
    return net::failure{options_error{"--config needs the name of a file; see berthd --help"}};
  if (found.contains("set")) given.set = found["set"].as<std::vector<std::string>>();
  given.check_config = found.contains("check-config");
  given.print_config = found.contains("print-config");
  given.version = found.contains("version");
  given.help = found.contains("help");
  return given;
}

bool is_command(const options& given) {
  return given.help || given.version || given.print_config || given.check_config;
}

command_result run_command(const options& given, const config_environment& environment) {
  if (given.help) return {0, help_text(), {}};
  if (given.version) return {0, "berthd " + version_text() + "\n", {}};
  const auto effective = effective_config(given);
  if (!effective) return failed(effective.error());
  if (given.print_config) return {0, effective->to_ini(), {}};
  command_result result;
  for (const auto& w : effective->warnings(environment)) result.err += "warning: " + w.to_string() + "\n";
  result.out = "the configuration is valid\n";
  return result;
}

std::string help_text() {
  std::ostringstream text;
  text << "berthd: an RTP stream service\n\n"
          "berthd [--config FILE] [--set section.key=value]... [--check-config] [--print-config] [--version] "
          "[--help]\n\n"
       << descriptions()
       << "\nThe weakest first: the defaults, FILE, what the API has saved in the state directory, --set.\n"
          "--print-config lists all keys with their meaning.\n";
  return text.str();
}

}  // namespace berth::api
