// What a process has used, read from outside: any process, whoever wrote it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace berth::bench {

struct process_usage {
  std::chrono::nanoseconds cpu{};  ///< of all threads, user and system
  std::uint64_t switches = 0;      ///< from one thread to another, wanted or not, of all threads that live now
  std::size_t resident_bytes = 0;
  std::size_t anonymous_bytes = 0;  ///< of these, memory of its own: heap and stacks, no files
  std::size_t descriptors = 0;
  std::size_t threads = 0;
};

/// Reads /proc of one process. `cpu` is exact to the nanosecond where the kernel keeps scheduler statistics, else to a
/// clock tick. Throws std::runtime_error when the process is gone or belongs to somebody else.
class process_meter {
 public:
  explicit process_meter(pid_t pid) : pid_(pid) {}

  process_usage read() const;
  std::chrono::nanoseconds cpu() const;
  /// Binds all its present threads to one processor.
  void pin(int processor) const;
  pid_t pid() const noexcept { return pid_; }

 private:
  std::vector<pid_t> threads() const;

  pid_t pid_;
};

/// Binds the calling thread to one processor; false if there is no such one.
bool pin_this_thread(int processor);

}  // namespace berth::bench
