// The command line, and the commands that end before anything is bound.
#include "api/daemon/options.hpp"

#include <stdlib.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace berth;
using namespace berth::api;
using berth::tests::contains;

namespace {

net::result<options, options_error> parse(const std::vector<const char*>& arguments) {
  std::vector<const char*> argv{"berthd"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return parse_options(static_cast<int>(argv.size()), argv.data());
}

command_result run(const std::vector<const char*>& arguments, const config_environment& machine = {}) {
  const auto given = parse(arguments);
  REQUIRE(given);
  REQUIRE(is_command(*given));
  return run_command(*given, machine);
}

/// Keeps the commands away from the state directory of whoever runs the tests.
struct own_state {
  own_state() { ::setenv("STATE_DIRECTORY", (dir / "state").c_str(), 1); }
  own_state(const own_state&) = delete;
  own_state& operator=(const own_state&) = delete;
  ~own_state() { ::unsetenv("STATE_DIRECTORY"); }
  tests::temporary_directory dir;
};

}  // namespace

TEST_CASE("options: nothing given means serve with the defaults") {
  const auto given = parse({});
  REQUIRE(given);
  CHECK(given->config_file.empty());
  CHECK(given->set.empty());
  CHECK_FALSE(is_command(*given));
}

TEST_CASE("options: a file, and as many --set as one likes") {
  const auto given =
      parse({"--config", "/etc/berth.ini", "--set", "http.port=8080", "--set=hook.on_play=http://a/?b=c"});
  REQUIRE(given);
  CHECK(given->config_file == "/etc/berth.ini");
  CHECK(given->set == std::vector<std::string>{"http.port=8080", "hook.on_play=http://a/?b=c"});
  CHECK_FALSE(is_command(*given));
}

TEST_CASE("options: what is not understood ends with code 2 and names it") {
  struct refused {
    std::vector<const char*> arguments;
    std::string_view named;
  };
  const std::vector<refused> cases{{{"--conf", "x"}, "--conf"},
                                   {{"--verbose"}, "verbose"},
                                   {{"stray"}, "positional"},
                                   {{"--config"}, "config"},
                                   {{"--config="}, "config"},
                                   {{"--set"}, "set"},
                                   {{"--config", "a", "--config", "b"}, "config"},
                                   {{"--help=1"}, "help"}};
  for (const auto& [arguments, named] : cases) {
    const auto given = parse(arguments);
    INFO(arguments.front());
    REQUIRE_FALSE(given);
    CHECK(given.error().exit_code == 2);
    CHECK(contains(given.error().text, named));
    CHECK(contains(given.error().text, "berthd --help"));
  }
}

TEST_CASE("options: --help names every option, --version the version") {
  const auto help = run({"--help"});
  CHECK(help.exit_code == 0);
  for (const auto* name : {"--config", "--set", "--check-config", "--print-config", "--version", "--help"}) {
    INFO(name);
    CHECK(contains(help.out, name));
  }
  const auto version = run({"--version"});
  CHECK(version.exit_code == 0);
  CHECK(version.out == "berthd " + version_text() + "\n");
  CHECK_FALSE(version_text().empty());
}

TEST_CASE("options: --print-config prints what holds, and it can be read back") {
  const own_state state;
  const auto file = state.dir.write("berth.ini", "[hook]\nenable=1\n[api]\nsecret=hushhush\n");
  const auto first = run({"--config", file.c_str(), "--set", "http.port=8080", "--print-config"});
  CHECK(first.exit_code == 0);
  CHECK(first.err.empty());
  CHECK(contains(first.out, "\n[http]\n"));
  CHECK(contains(first.out, "\nport=8080\n"));
  CHECK(contains(first.out, "\nenable=1\n"));
  CHECK(contains(first.out, "secret=***\n"));
  CHECK_FALSE(contains(first.out, "hushhush"));
  // Nothing has been made.
  CHECK_FALSE(std::filesystem::exists(state.dir / "state"));

  const auto printed = state.dir.write("printed.ini", first.out);
  const auto second = run({"--config", printed.c_str(), "--set", "api.secret=hushhush", "--print-config"});
  CHECK(second.out == first.out);
}

TEST_CASE("options: what the API has saved is in the printed and in the checked configuration") {
  const own_state state;
  std::filesystem::create_directory(state.dir / "state");
  state.dir.write("state/overrides.ini", "[hook]\nretry=7\n");
  CHECK(contains(run({"--print-config"}).out, "\nretry=7\n"));
  state.dir.write("state/overrides.ini", "[hook]\nretry=seven\n");
  const auto checked = run({"--check-config"});
  CHECK(checked.exit_code == 2);
  CHECK(contains(checked.err, "overrides.ini:2: hook.retry"));
}

TEST_CASE("options: --check-config lists every error and ends with 2, warnings and ends with 0") {
  const own_state state;
  const auto file = state.dir.write("berth.ini", "[http]\nport=x\n[hook]\nenabel=1\n");
  auto checked = run({"--config", file.c_str(), "--set", "rtp_proxy.timeoutSec=0", "--check-config"});
  CHECK(checked.exit_code == 2);
  CHECK(std::count(checked.err.begin(), checked.err.end(), '\n') == 3);
  CHECK(contains(checked.err, "error: " + file.string() + ":2: http.port: 'x'"));
  CHECK(contains(checked.err, "hook.enabel: there is no such key; did you mean hook.enable?"));
  CHECK(contains(checked.err, "error: --set: rtp_proxy.timeoutSec"));

  config_environment machine;
  machine.rmem_max = 1000;
  machine.ephemeral_ports = net::port_range{32768, 60999};
  checked = run({"--check-config"}, machine);
  CHECK(checked.exit_code == 0);
  CHECK(std::count(checked.err.begin(), checked.err.end(), '\n') == 2);
  CHECK(contains(checked.err, "warning: default: rtp_proxy.port_range"));

  checked = run({"--check-config"});
  CHECK(checked.exit_code == 0);
  CHECK(checked.err.empty());
}

TEST_CASE("options: a file that is not there is an error with its name") {
  const own_state state;
  const auto checked = run({"--config", "/nowhere/berth.ini", "--check-config"});
  CHECK(checked.exit_code == 2);
  CHECK(contains(checked.err, "/nowhere/berth.ini: No such file or directory"));
  CHECK(run({"--config", "/nowhere/berth.ini", "--print-config"}).exit_code == 2);
}
