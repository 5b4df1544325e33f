// A part of the load that has to be a process of its own, so that its use of the machine can be told apart.
#pragma once

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <new>
#include <stdexcept>

namespace berth::bench {

/// A child process that runs one function, and a value in memory that both see (atomics). The child has what was open
/// and made before; it ends with this object, or with its parent.
template <class Shared>
class forked {
 public:
  template <class Run>
  explicit forked(Run run) {
    auto* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::runtime_error("no shared memory for a process of the load");
    shared_ = new (memory) Shared;
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("no process for the load");
    if (pid_ > 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    run(*shared_);
    ::_exit(1);
  }
  ~forked() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::munmap(shared_, sizeof(Shared));
  }
  forked(const forked&) = delete;
  forked& operator=(const forked&) = delete;

  pid_t pid() const noexcept { return pid_; }
  const Shared& shared() const noexcept { return *shared_; }

 private:
  pid_t pid_ = -1;
  Shared* shared_ = nullptr;
};

}  // namespace berth::bench
