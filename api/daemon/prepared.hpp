// What a daemon starts from: its configuration, and what is kept in its state directory.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "api/config/config_store.hpp"
#include "api/config/state_dir.hpp"
#include "api/daemon/options.hpp"
#include "net/base/result.hpp"

namespace berth::api {

/// Why a daemon does not start: the process' exit code, and a sentence.
struct start_failure {
  int code;
  std::string text;
};

/// Owned by the daemon, and gone after everything else of it.
struct prepared {
  std::unique_ptr<config_store> config;
  state_dir::kept_text secret;
  std::filesystem::path secret_file;
};

/// Reads the configuration, and makes what the state directory lacks. Fails with code 2 if the configuration is not in
/// order, 1 if the directory can not be used.
net::result<prepared, start_failure> prepare(const options& given);
/// Says on standard output where a daemon that was started with `c` listens, and how to make its first call.
void announce(const prepared& from, const config& c, std::uint16_t port);
/// Each one as a sentence.
std::string join(const config_errors& errors, std::string_view between = "\n");

}  // namespace berth::api
