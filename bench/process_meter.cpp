#include "bench/process_meter.hpp"

#include <sched.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace berth::bench {
namespace {

namespace fs = std::filesystem;

std::string proc(pid_t pid) { return "/proc/" + std::to_string(pid); }

std::string text_of(const std::string& path) {
  std::ifstream in{path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

// A line of proc_pid_status(5).
std::size_t number_of(const std::string& status, const std::string& name) {
  const auto at = status.find("\n" + name + ":");
  return at == status.npos ? 0 : std::stoul(status.substr(at + name.size() + 2));
}

bool pin(pid_t thread, int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(processor), &set);
  return ::sched_setaffinity(thread, sizeof set, &set) == 0;
}

// The times of proc_pid_stat(5): fields 14 and 15, counted from the one behind the command's closing parenthesis.
std::chrono::nanoseconds ticks_of(const std::string& stat) {
  std::size_t at = stat.rfind(')');
  for (int field = 2; field < 14 && at != stat.npos; ++field) at = stat.find(' ', at + 1);
  if (at == stat.npos) return {};
  std::size_t used = 0;
  const auto user = std::stoul(stat.substr(at + 1), &used);
  const auto system = std::stoul(stat.substr(at + 1 + used));
  return std::chrono::nanoseconds{(user + system) * 1'000'000'000UL /
                                  static_cast<unsigned long>(::sysconf(_SC_CLK_TCK))};
}

}  // namespace

std::vector<pid_t> process_meter::threads() const {
  std::vector<pid_t> all;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator{proc(pid_) + "/task", failed})
    all.push_back(std::stoi(entry.path().filename().string()));
  if (all.empty()) throw std::runtime_error("there is no process " + std::to_string(pid_) + ", or it may not be read");
  return all;
}

std::chrono::nanoseconds process_meter::cpu() const {
  std::chrono::nanoseconds sum{};
  for (const auto t : threads()) {
    const auto task = proc(pid_) + "/task/" + std::to_string(t);
    std::int64_t ns = 0;
    if (std::ifstream in{task + "/schedstat"}; in >> ns && ns > 0) {
      sum += std::chrono::nanoseconds{ns};
      continue;
    }
    std::string stat;
    if (std::ifstream in{task + "/stat"}; std::getline(in, stat)) sum += ticks_of(stat);
  }
  return sum;
}

process_usage process_meter::read() const {
  process_usage u;
  u.cpu = cpu();
  for (const auto t : threads()) {
    ++u.threads;
    const auto of_thread = text_of(proc(pid_) + "/task/" + std::to_string(t) + "/status");
    u.switches += number_of(of_thread, "voluntary_ctxt_switches") + number_of(of_thread, "nonvoluntary_ctxt_switches");
  }
  const auto status = text_of(proc(pid_) + "/status");
  u.resident_bytes = number_of(status, "VmRSS") * 1024;
  u.anonymous_bytes = number_of(status, "RssAnon") * 1024;
  std::error_code failed;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator{proc(pid_) + "/fd", failed}) ++u.descriptors;
  return u;
}

void process_meter::pin(int processor) const {
  for (const auto t : threads()) bench::pin(t, processor);
}

bool pin_this_thread(int processor) { return pin(0, processor); }

}  // namespace berth::bench
