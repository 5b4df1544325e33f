// A file that is written from front to back, and whose failures are kept in words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/egress/lavf_output.hpp"

namespace berth::net {

/// Owned by a recorder and touched by its thread, which may block. The first failure stays: nothing is written after
/// it. A full disk and quotas are failures like others; for a limit on sizes to be one, the process must ignore
/// SIGXFSZ. Closes itself.
class disk_file final : public lavf_output::target {
 public:
  explicit disk_file(std::string path);  ///< makes or empties it
  disk_file(const disk_file&) = delete;
  disk_file& operator=(const disk_file&) = delete;
  ~disk_file();

  int write(bytes_view bytes) override;
  std::int64_t seek(std::int64_t offset, int whence) override;
  bool seekable() const override { return true; }

  /// Like write(), by way of a buffer.
  int append(bytes_view bytes);
  int flush();
  /// Over what is there already.
  int patch(std::uint64_t at, bytes_view bytes);
  /// What is there from the beginning, at most `size` bytes.
  std::vector<std::uint8_t> read_front(std::size_t size) const;
  int cut(std::uint64_t size);
  int close();

  int error() const noexcept { return error_; }  ///< errno of the first failure; 0 = none
  std::string complaint() const;                 ///< what failed, of which file, and why
  std::uint64_t size() const noexcept { return size_; }

 private:
  int fail(const char* what);

  std::string path_;
  int fd_ = -1;
  int error_ = 0;
  const char* failed_at_ = "";
  std::uint64_t position_ = 0;
  std::uint64_t size_ = 0;
  std::vector<std::uint8_t> pending_;
};

}  // namespace berth::net
