#include "bench/service.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>
#include <random>
#include <stdexcept>

#include "bench/process_meter.hpp"
#include "net/base/unique_fd.hpp"

namespace berth::bench {
namespace {

std::string random_text() {
  std::random_device random;
  std::string text;
  for (int i = 0; i < 16; ++i) text += "0123456789abcdef"[random() % 16];
  return text;
}

std::filesystem::path make_directory() {
  auto name = (std::filesystem::temp_directory_path() / "berth-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
  return name;
}

bool is_loopback(const net::endpoint& e) {
  const auto& a = e.raw_address();
  return e.is_v4() ? a[12] == 127 : e.same_address(*net::endpoint::parse("::1", 0));
}

// Reads up to the line that says where the service listens; empty if it ends before.
std::string listening_url(int output) {
  std::string text;
  std::array<char, 512> buffer;
  for (;;) {
    const auto got = ::read(output, buffer.data(), buffer.size());
    if (got <= 0) return {};
    text.append(buffer.data(), static_cast<std::size_t>(got));
    const auto at = text.find("listening ");
    const auto end = text.find('\n', at);
    if (at != text.npos && end != text.npos) return text.substr(at + 10, end - at - 10);
  }
}

}  // namespace

net::endpoint service_address::parse_url(const std::string& url, bool any_host) {
  constexpr std::string_view scheme = "http://";
  const auto bad = [&](const char* why) { return std::runtime_error("'" + url + "' " + why); };
  if (!url.starts_with(scheme)) throw bad("is not an http:// URL");
  auto rest = std::string_view{url}.substr(scheme.size());
  rest = rest.substr(0, rest.find('/'));
  std::uint16_t port = 80;
  if (const auto colon = rest.rfind(':'); colon != rest.npos && rest.find(']', colon) == rest.npos) {
    const auto digits = rest.substr(colon + 1);
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (failed != std::errc{} || end != digits.data() + digits.size()) throw bad("has no port within 1..65535");
    rest = rest.substr(0, colon);
  }
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  if (rest == "localhost") rest = "127.0.0.1";
  const auto at = net::endpoint::parse(rest, port);
  if (!at) throw bad("has no numeric address");
  if (!any_host && !is_loopback(*at)) throw bad("is not on loopback; --any-host allows it");
  return *at;
}

launched_service::launched_service(const options& o) : directory_(make_directory()) {
  address_.secret = random_text();
  address_.name = "berth";
  std::vector<std::string> arguments{o.program.string()};
  const auto set = [&](const std::string& setting) {
    arguments.emplace_back("--set");
    arguments.push_back(setting);
  };
  set("http.port=0");
  set("general.listen_ip=127.0.0.1");
  set("rtp_proxy.port=0");
  set("rtp_proxy.port_range=10000-31999");
  set("api.apiDebug=0");
  set("api.secret=" + address_.secret);
  set("berth.log_level=warn");
  set("berth.state_dir=" + (directory_ / "state").string());
  for (const auto& s : o.settings) set(s);

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe for the service's output");
  net::unique_fd output{ends[0]}, input{ends[1]};
  const auto log = (directory_ / "log").string();
  address_.pid = ::fork();
  if (address_.pid < 0) throw std::runtime_error("no process for the service");
  if (address_.pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(input.get(), STDOUT_FILENO);
    ::dup2(::open(log.c_str(), O_CREAT | O_WRONLY, 0600), STDERR_FILENO);
    std::vector<char*> argv;
    for (auto& a : arguments) argv.push_back(a.data());
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  input.reset();
  const auto url = listening_url(output.get());
  if (url.empty()) {
    std::ifstream in{log};
    const std::string said{std::istreambuf_iterator<char>{in}, {}};
    ::waitpid(address_.pid, nullptr, 0);
    std::filesystem::remove_all(directory_);
    throw std::runtime_error(o.program.string() + " did not start: " + said);
  }
  address_.http = service_address::parse_url(url, false);
  if (o.processor >= 0) process_meter{address_.pid}.pin(o.processor);
}

launched_service::~launched_service() {
  ::kill(address_.pid, SIGTERM);
  ::waitpid(address_.pid, nullptr, 0);
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

}  // namespace berth::bench
