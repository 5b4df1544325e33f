#include "tests/support/daemon_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "tests/support/condition.hpp"
#include "tests/support/needed_programs.hpp"

namespace berth::tests {
namespace {

constexpr auto start_patience = std::chrono::seconds{20};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

// What matters when it did wrong: its last words, or a sanitizer's report from its beginning.
std::string tail(const std::string& all) {
  constexpr std::size_t most = 6000;
  for (const auto* mark : {"==ERROR: ", "WARNING: ThreadSanitizer"})
    if (const auto report = all.find(mark); report != all.npos) return all.substr(report, most);
  if (all.size() <= most) return all;
  return "...\n" + all.substr(all.find('\n', all.size() - most) + 1);
}

// Only async-signal-safe calls between fork and exec: the test program has threads.
pid_t spawn(const std::vector<std::string>& arguments, const std::string& out, const std::string& err) {
  std::vector<char*> argv;
  for (const auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error(std::string{"fork: "} + std::strerror(errno));
  if (pid > 0) return pid;
  // A test program that is killed takes its children along.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  constexpr int flags = O_WRONLY | O_CREAT | O_APPEND;
  const int in = ::open("/dev/null", O_RDONLY);
  const int to_out = ::open(out.c_str(), flags, 0600);
  const int to_err = ::open(err.c_str(), flags, 0600);
  if (in < 0 || to_out < 0 || to_err < 0 || ::dup2(in, 0) < 0 || ::dup2(to_out, 1) < 0 || ::dup2(to_err, 2) < 0)
    ::_exit(126);
  ::execvp(argv[0], argv.data());
  ::_exit(127);
}

bool wait_for(pid_t pid, int& status, std::chrono::milliseconds patience) {
  return eventually(patience, [&] { return ::waitpid(pid, &status, WNOHANG) == pid; });
}

int meaning_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status); }

// Lines of /proc/net/udp and its like: "sl: local:PORT remote:PORT state ...".
bool has_port(const char* table, std::uint16_t port, const char* wanted_state) {
  std::ifstream in{table};
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::istringstream fields{line};
    std::string slot, local, remote, state;
    fields >> slot >> local >> remote >> state;
    const auto colon = local.rfind(':');
    if (colon == std::string::npos || std::stoul(local.substr(colon + 1), nullptr, 16) != port) continue;
    if (wanted_state == nullptr || state == wanted_state) return true;
  }
  return false;
}

}  // namespace

daemon_process::daemon_process(settings more, std::size_t pairs)
    : ports_(pairs), secret_("a-secret-for-tests-0123456789abcdef") {
  // On a busy machine a test may take its time: what idles out within seconds is what a test wants to.
  settings_ = {{"general.listen_ip", "127.0.0.1"},
               {"rtp_proxy.port", "0"},
               {"rtp_proxy.port_range", ports_.text()},
               {"rtp_proxy.timeoutSec", "120"}};
  for (auto& [key, value] : more) {
    const auto known = std::find_if(settings_.begin(), settings_.end(), [&](const auto& s) { return s.first == key; });
    if (known != settings_.end())
      known->second = value;
    else
      settings_.emplace_back(key, value);
  }
  std::erase_if(settings_, [](const auto& s) { return s.second.empty(); });
  write_settings();
  start();
}

void daemon_process::write_settings() const {
  std::map<std::string, std::string> sections;
  for (const auto& [key, value] : settings_) {
    const auto dot = key.find('.');
    sections[key.substr(0, dot)] += key.substr(dot + 1) + "=" + value + "\n";
  }
  std::ofstream out{directory_.path() / "berth.ini"};
  for (const auto& [name, lines] : sections) out << "[" << name << "]\n" << lines;
}

daemon_process::~daemon_process() {
  if (pid_ <= 0) return;
  int status = 0;
  const bool died_before = ::waitpid(pid_, &status, WNOHANG) == pid_;
  if (died_before) {
    std::cerr << "berthd ended by itself: " << meaning_of(status) << "\n" << tail(errors());
  } else {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status, 0);
    if (std::uncaught_exceptions() > 0) std::cerr << "berthd said:\n" << tail(errors());
  }
}

void daemon_process::start() {
  if (pid_ > 0) throw std::logic_error("berthd runs already");
  // What tells the processes of two tests apart, and where they listen, can not be in a file that the API outweighs.
  const std::vector<std::string> arguments{BERTH_PATH,
                                           "--config",
                                           (directory_.path() / "berth.ini").string(),
                                           "--set",
                                           "http.port=0",
                                           "--set",
                                           "api.secret=" + secret_,
                                           "--set",
                                           "berth.state_dir=" + state_directory().string()};
  const auto out = directory_.path() / "stdout";
  std::filesystem::remove(out);
  output_read_ = 0;
  pid_ = spawn(arguments, out.string(), (directory_.path() / "stderr").string());
  await_listening();
}

void daemon_process::await_restart() { await_listening(); }

void daemon_process::await_listening() {
  int status = 0;
  bool ended = false;
  std::string url;
  eventually(start_patience, [&] {
    ended = ::waitpid(pid_, &status, WNOHANG) == pid_;
    url = url_line();
    return ended || !url.empty();
  });
  if (ended) {
    pid_ = -1;
    fail("ended at its start with " + std::to_string(meaning_of(status)));
  }
  if (url.empty()) fail("does not listen after " + std::to_string(start_patience.count()) + " s");
  output_read_ = output().rfind(url) + url.size();
  http_port_ = static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
}

// Host and port of the next line "listening http://...", once the line is complete.
std::string daemon_process::url_line() const {
  constexpr std::string_view mark = "listening http://";
  const auto all = output();
  const auto from = all.find(mark, output_read_);
  const auto end = from == std::string::npos ? from : all.find('\n', from);
  if (end == std::string::npos) return {};
  auto line = all.substr(from + mark.size(), end - from - mark.size());
  while (!line.empty() && std::isdigit(static_cast<unsigned char>(line.back())) == 0) line.pop_back();
  return line;
}

void daemon_process::fail(const std::string& what) const {
  throw std::runtime_error("berthd " + what + "\nstdout:\n" + output() + "stderr:\n" + tail(errors()));
}

void daemon_process::signal(int number) { ::kill(pid_, number); }

process_end daemon_process::wait(std::chrono::milliseconds patience) {
  const auto begin = std::chrono::steady_clock::now();
  int status = 0;
  if (!wait_for(pid_, status, patience)) fail("did not end within " + std::to_string(patience.count()) + " ms");
  pid_ = -1;
  return {meaning_of(status),
          std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin)};
}

process_end daemon_process::stop(std::chrono::milliseconds patience) {
  signal(SIGTERM);
  const auto end = wait(patience);
  if (end.status != 0) std::cerr << "berthd ended with " << end.status << "\n" << tail(errors());
  return end;
}

process_end daemon_process::kill() {
  signal(SIGKILL);
  return wait(std::chrono::seconds{10});
}

bool daemon_process::running() {
  int status = 0;
  if (pid_ <= 0) return false;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
  pid_ = -1;
  return false;
}

std::string daemon_process::output() const { return read_file(directory_.path() / "stdout"); }
std::string daemon_process::errors() const { return read_file(directory_.path() / "stderr"); }

std::size_t daemon_process::descriptors() const {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/fd"))
    ++n;
  return n;
}

std::size_t daemon_process::threads() const {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/task"))
    ++n;
  return n;
}

std::size_t daemon_process::resident_bytes() const {
  std::size_t total = 0, resident = 0;
  std::ifstream{"/proc/" + std::to_string(pid_) + "/statm"} >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t daemon_process::udp_sockets() const {
  std::vector<std::string> own;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/fd")) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(entry.path(), gone).string();
    if (target.starts_with("socket:[")) own.push_back(target.substr(8, target.size() - 9));
  }
  std::sort(own.begin(), own.end());
  std::size_t n = 0;
  for (const auto* table : {"/proc/net/udp", "/proc/net/udp6"}) {
    std::ifstream in{table};
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
      std::istringstream fields{line};
      std::string inode;
      for (int i = 0; i < 10; ++i) fields >> inode;
      n += std::binary_search(own.begin(), own.end(), inode) ? 1 : 0;
    }
  }
  return n;
}

bool udp_port_bound(std::uint16_t port) {
  return has_port("/proc/net/udp", port, nullptr) || has_port("/proc/net/udp6", port, nullptr);
}

bool tcp_port_listening(std::uint16_t port) {
  constexpr const char* listening = "0A";
  return has_port("/proc/net/tcp", port, listening) || has_port("/proc/net/tcp6", port, listening);
}

child_process::child_process(const std::vector<std::string>& arguments, const std::filesystem::path& log) {
  need_program(arguments.front());
  pid_ = spawn(arguments, log.string(), log.string());
}

child_process::~child_process() { stop(); }

bool child_process::running() {
  int status = 0;
  if (pid_ > 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) pid_ = -1;
  return pid_ > 0;
}

void child_process::stop() {
  if (!running()) return;
  int status = 0;
  ::kill(pid_, SIGTERM);
  if (!wait_for(pid_, status, std::chrono::seconds{5})) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status, 0);
  }
  pid_ = -1;
}

}  // namespace berth::tests
