// The command line of berthd.
#include "api/options.hpp"

#include <boost/program_options.hpp>
#include <sstream>

#include "api/config_store.hpp"
#include "api/state_dir.hpp"

namespace berth::api {
namespace {

namespace po = boost::program_options;

po::options_description described() {
  po::options_description all{"berthd: ports for RTP streams over REST.\n\nOptions"};
  auto add = all.add_options();
  add("config", po::value<std::string>()->value_name("FILE"), "read this INI file");
  add("set", po::value<std::vector<std::string>>()->composing()->value_name("section.key=value"),
      "set one value; may be given several times, and has the last word");
  add("check-config", "list every error and warning of the configuration, and end");
  add("print-config", "print the configuration in force as an INI file, and end");
  add("version", "print the version, and end");
  add("help", "print this text, and end");
  return all;
}

std::string lines(const config_errors& errors, std::string_view kind) {
  std::string text;
  for (const auto& e : errors) text += std::string{kind} + ": " + e.to_string() + "\n";
  return text;
}

config_sources sources_of(const options& given) {
  config_sources sources;
  sources.file = given.config_file;
  sources.set_arguments = given.set;
  // Where the API's changes are is a setting itself.
  if (const auto first = config::build(sources.read())) {
    if (const auto dir = find_state_dir(first->get_text("berth.state_dir"), state_dir_environment::of_process()))
      sources.overrides = *dir / "overrides.ini";
  }
  return sources;
}

}  // namespace

net::result<options, options_error> parse_options(int argc, const char* const* argv) {
  options given;
  po::variables_map values;
  try {
    const po::positional_options_description none;
    po::store(po::command_line_parser(argc, argv).options(described()).positional(none).run(), values);
  } catch (const po::error& e) {
    return net::failure{options_error{std::string{e.what()} + "; see berthd --help"}};
  }
  if (values.count("config") != 0) given.config_file = values["config"].as<std::string>();
  if (values.count("set") != 0) given.set = values["set"].as<std::vector<std::string>>();
  given.check_config = values.count("check-config") != 0;
  given.print_config = values.count("print-config") != 0;
  given.version = values.count("version") != 0;
  given.help = values.count("help") != 0;
  return given;
}

bool is_command(const options& given) {
  return given.help || given.version || given.print_config || given.check_config;
}

command_result run_command(const options& given, const config_environment& environment) {
  if (given.help) return {0, help_text(), {}};
  if (given.version) return {0, version_text() + "\n", {}};
  const auto made = config::build(sources_of(given).read());
  if (!made) return {2, {}, lines(made.error(), "error")};
  if (given.print_config) return {0, made->to_ini(), {}};
  return {0, lines(made->warnings(environment), "warning") + "the configuration is good\n", {}};
}

std::string help_text() {
  std::ostringstream text;
  text << described();
  return text.str();
}

std::string version_text() { return BERTH_VERSION; }

}  // namespace berth::api
