// berth-bench: load for Berth, or for any server of the same API, and what it cost.
#include <cstdio>
#include <exception>
#include <iostream>
#include <iterator>

#include "bench/compare.hpp"
#include "bench/settings.hpp"

namespace {

using namespace berth::bench;
namespace po = boost::program_options;

constexpr const subcommand* commands[] = {&control_command, &ingest_command, &floor_command, &fanout_command,
                                          &idle_command,    &churn_command,  &soak_command};

void help() {
  std::cout << "berth-bench COMMAND [options]    (berth-bench COMMAND --help shows them)\n\n";
  for (const auto* c : commands) std::printf("  %-8s  %s\n", c->name, c->what);
  std::printf("  %-8s  %s\n", "compare", "one of these on two servers in turn");
  std::cout << "\nEach command starts a berthd of its own unless --url names a server.\n";
}

int run(const subcommand& c, int argc, char** argv) {
  settings s;
  po::options_description all;
  all.add(c.options()).add(settings::options(s));
  all.add_options()("help", "show this");
  po::variables_map given;
  po::store(po::parse_command_line(argc - 1, argv + 1, all), given);
  if (given.contains("help")) {
    std::cout << all;
    return 0;
  }
  po::notify(given);
  s.complete("/proc/self/exe");
  return c.run(s, given);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  if (name.empty() || name == "--help" || name == "help") {
    help();
    return name.empty() ? 2 : 0;
  }
  try {
    if (name == "compare") return compare(argc - 1, argv + 1);
    for (const auto* c : commands)
      if (name == c->name) return run(*c, argc, argv);
    std::fprintf(stderr, "berth-bench: there is no command '%s'\n", name.c_str());
    return 2;
  } catch (const po::error& e) {
    std::fprintf(stderr, "berth-bench %s: %s\n", name.c_str(), e.what());
    return 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "berth-bench %s: %s\n", name.c_str(), e.what());
    return 1;
  }
}
