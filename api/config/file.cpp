// POSIX calls, because the standard streams know neither fsync nor modes, nor why they failed.
#include "api/config/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "net/base/unique_fd.hpp"

namespace berth::api {
namespace {

file_error failed(const char* step, const std::filesystem::path& path) {
  const int code = errno;
  return {code, std::string{step} + " " + path.string() + ": " + std::generic_category().message(code)};
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const auto n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) content.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

net::result<std::string, file_error> read_file(const std::filesystem::path& path) {
  const net::unique_fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd) return net::failure{failed("open", path)};
  std::string content;
  std::array<char, 4096> piece{};
  for (;;) {
    const auto n = ::read(fd.get(), piece.data(), piece.size());
    if (n == 0) return content;
    if (n > 0) content.append(piece.data(), static_cast<std::size_t>(n));
    if (n < 0 && errno != EINTR) return net::failure{failed("read", path)};
  }
}

std::optional<file_error> write_file_atomically(const std::filesystem::path& path, std::string_view content,
                                                mode_t mode) {
  auto draft = path;
  draft += ".tmp";
  {
    const net::unique_fd fd{::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode)};
    if (!fd) return failed("create", draft);
    // The mode of open() holds for a new file only and is narrowed by the umask.
    if (::fchmod(fd.get(), mode) != 0) return failed("set the mode of", draft);
    if (!write_all(fd.get(), content)) return failed("write", draft);
    if (::fsync(fd.get()) != 0) return failed("write to the disk", draft);
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) return failed("rename to", path);
  // The new name is in the directory, so the directory has to reach the disk, too.
  const auto directory = path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
  const net::unique_fd fd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd) return failed("open", directory);
  if (::fsync(fd.get()) != 0) return failed("write to the disk", directory);
  return std::nullopt;
}

}  // namespace berth::api
