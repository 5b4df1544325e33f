// berthd: the command line, the daemon, and a clean start over when it asks for one.
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "api/daemon/daemon.hpp"
#include "api/daemon/options.hpp"
#include "api/daemon/signals.hpp"

int main(int argc, char** argv) {
  using namespace berth::api;
  hold_signals();
  const auto given = parse_options(argc, argv);
  if (!given) {
    std::fprintf(stderr, "berthd: %s\n", given.error().text.c_str());
    return given.error().exit_code;
  }
  if (is_command(*given)) {
    const auto done = run_command(*given, read_config_environment());
    std::fputs(done.out.c_str(), stdout);
    std::fputs(done.err.c_str(), stderr);
    return done.exit_code;
  }
  // A recording that reaches a limit of the file system gets an error to tell, not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  // Nor has it to end when nobody reads any more what it prints.
  std::signal(SIGPIPE, SIG_IGN);
  const auto end = run_daemon(*given);
  if (!end.restart) return end.code;
  // Every descriptor is close-on-exec: the new image begins with nothing but the arguments.
  ::execv("/proc/self/exe", argv);
  std::perror("berthd: restart");
  return 1;
}
