// A real berthd as a child process: started, watched from outside through /proc, ended, started again.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/reserved_ports.hpp"
#include "tests/support/temporary_directory.hpp"

namespace berth::tests {

/// How a process ended: its exit status, or the negative number of the signal that killed it.
struct process_end {
  int status = 0;
  std::chrono::milliseconds took{};
};

/// berthd on 127.0.0.1 with a state directory, an HTTP port and a port range of its own, and a known secret. Its
/// settings are in an INI file, so that the API may change them. The constructor returns when it listens. What it
/// printed is shown when it ends otherwise than the test wanted.
/// Owned by a test case and used from its main thread; start() after stop() or kill() keeps directory and range, so
/// that it is the same node that starts again. Killed at the latest by the destructor.
class daemon_process {
 public:
  /// Further settings as {"rtp_proxy.timeoutSec", "1"}. Setting a default of this class again replaces it; an empty
  /// value leaves it out.
  using settings = std::vector<std::pair<std::string, std::string>>;

  explicit daemon_process(settings more = {}, std::size_t pairs = 64);
  ~daemon_process();
  daemon_process(const daemon_process&) = delete;
  daemon_process& operator=(const daemon_process&) = delete;

  void start();
  /// SIGTERM, and the wait for the end. Throws when it takes longer than `patience`.
  process_end stop(std::chrono::milliseconds patience = std::chrono::seconds{15});
  /// SIGKILL: no time for last words.
  process_end kill();
  /// Waits for the process to end by itself.
  process_end wait(std::chrono::milliseconds patience);
  void signal(int number);
  /// Waits until the process, which was told to restart, listens again: then it has another HTTP port.
  void await_restart();

  pid_t pid() const noexcept { return pid_; }
  bool running();
  std::uint16_t http_port() const noexcept { return http_port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(http_port_); }
  const std::string& secret() const noexcept { return secret_; }
  const reserved_ports& ports() const noexcept { return ports_; }
  std::filesystem::path state_directory() const { return directory_.path() / "state"; }

  std::string output() const;  ///< standard output so far
  std::string errors() const;  ///< standard error so far

  // read from /proc
  std::size_t descriptors() const;
  std::size_t threads() const;
  std::size_t resident_bytes() const;
  std::size_t udp_sockets() const;  ///< of this process

 private:
  void write_settings() const;
  void await_listening();
  std::string url_line() const;
  [[noreturn]] void fail(const std::string& what) const;

  settings settings_;
  reserved_ports ports_;
  temporary_directory directory_;
  std::string secret_;
  pid_t pid_ = -1;
  std::uint16_t http_port_ = 0;
  std::size_t output_read_ = 0;  // up to and including the last "listening"
};

/// Whether any process of the machine has the port: /proc/net/udp{,6}, and for TCP listening sockets in tcp{,6}.
bool udp_port_bound(std::uint16_t port);
bool tcp_port_listening(std::uint16_t port);

/// Another program, started without a shell and ended with its owner.
class child_process {
 public:
  /// Standard output and error go to `log`. Throws, with the package to install, if there is no such program.
  child_process(const std::vector<std::string>& arguments, const std::filesystem::path& log);
  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  bool running();
  void stop();

 private:
  pid_t pid_ = -1;
};

}  // namespace berth::tests
