// The composition root: makes every part, connects them, and takes them down in order.
#pragma once

#include <memory>
#include <string>

#include "api/daemon/options.hpp"

namespace berth::api {

/// How the daemon ended and what the process is to do next.
struct daemon_exit {
  int code = 0;
  bool restart = false;  ///< start anew with the same arguments
};

/// Runs Berth until SIGTERM, SIGINT or a restart is asked for; blocks the calling thread, which is the process's main
/// one, and has the signals held (signals.hpp). Errors on the way up are printed to standard error and give the code 1
/// (environment) or 2 (configuration).
///
/// The way down, each step after the one before:
///   1. no new HTTP connections; running requests get their answers
///   2. the supervisor closes all streams: every actor is down, every socket closed
///   3. hooks are flushed, on_server_exited the last of them, until a deadline
///   4. the API's thread and those of viewers end and are joined; the control unit goes on on one of its own
///   5. reactors run their last jobs and are joined
///   6. the actor system goes, then what it used
/// All of it has a bound, behind which the process ends with code 1.
daemon_exit run_daemon(const options& given);

}  // namespace berth::api
