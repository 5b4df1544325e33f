// One thread of another process that does not go on, as a debugger stops it.
#pragma once

#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>

namespace berth::tests {

/// The thread with that name of a child of this process, from the constructor to the destructor, which have to run on
/// one thread.
class stopped_thread {
 public:
  stopped_thread(pid_t process, const std::string& name) : thread_(find(process, name)) {
    check(::ptrace(PTRACE_SEIZE, thread_, nullptr, nullptr), "seized");
    check(::ptrace(PTRACE_INTERRUPT, thread_, nullptr, nullptr), "interrupted");
    int status = 0;
    check(::waitpid(thread_, &status, __WALL), "waited for");
  }
  /// Waits until the thread has ended, which no process outlives that ends: it is this one's to bury.
  void await_end() {
    int status = 0;
    do check(::waitpid(thread_, &status, __WALL), "waited for");
    while (!WIFEXITED(status) && !WIFSIGNALED(status));
  }
  ~stopped_thread() { ::ptrace(PTRACE_DETACH, thread_, nullptr, nullptr); }
  stopped_thread(const stopped_thread&) = delete;
  stopped_thread& operator=(const stopped_thread&) = delete;

 private:
  static pid_t find(pid_t process, const std::string& name) {
    for (const auto& task : std::filesystem::directory_iterator{"/proc/" + std::to_string(process) + "/task"}) {
      std::ifstream file{task.path() / "comm"};
      std::string found;
      if (std::getline(file, found) && found == name) return std::stoi(task.path().filename());
    }
    throw std::runtime_error("the process has no thread called " + name);
  }
  static void check(long result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), std::string{"the thread was not "} + what);
  }

  pid_t thread_;
};

}  // namespace berth::tests
