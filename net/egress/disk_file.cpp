#include "net/egress/disk_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace berth::net {
namespace {

constexpr std::size_t write_size = 64 * 1024;

}  // namespace

disk_file::disk_file(std::string path) : path_(std::move(path)) {
  do fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  while (fd_ < 0 && errno == EINTR);
  if (fd_ < 0) fail("open");
}

disk_file::~disk_file() {
  if (fd_ >= 0) ::close(fd_);
}

int disk_file::fail(const char* what) {
  if (error_ == 0) {
    error_ = errno;
    failed_at_ = what;
  }
  return -error_;
}

std::string disk_file::complaint() const {
  if (error_ == 0) return {};
  return std::string{failed_at_} + " " + path_ + ": " + std::generic_category().message(error_);
}

int disk_file::write(bytes_view bytes) {
  if (error_ != 0) return -error_;
  while (!bytes.empty()) {
    const auto n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail("write");
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    position_ += static_cast<std::uint64_t>(n);
    size_ = std::max(size_, position_);
  }
  return 0;
}

std::int64_t disk_file::seek(std::int64_t offset, int whence) {
  if (error_ != 0) return -error_;
  const auto at = ::lseek(fd_, offset, whence);
  if (at < 0) return fail("seek");
  position_ = static_cast<std::uint64_t>(at);
  return at;
}

int disk_file::append(bytes_view bytes) {
  if (pending_.size() + bytes.size() > write_size)
    if (const int error = flush(); error < 0) return error;
  if (bytes.size() >= write_size) return write(bytes);
  pending_.insert(pending_.end(), bytes.begin(), bytes.end());
  return error_ != 0 ? -error_ : 0;
}

int disk_file::flush() {
  const int error = write(pending_);
  pending_.clear();
  return error;
}

int disk_file::patch(std::uint64_t at, bytes_view bytes) {
  if (error_ != 0) return -error_;
  const auto n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(at));
  if (n >= 0 && static_cast<std::size_t>(n) == bytes.size()) return 0;
  if (n >= 0) errno = EIO;
  return fail("write");
}

std::vector<std::uint8_t> disk_file::read_front(std::size_t size) const {
  std::vector<std::uint8_t> out(size);
  const auto n = ::pread(fd_, out.data(), out.size(), 0);
  out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return out;
}

int disk_file::cut(std::uint64_t size) {
  if (::ftruncate(fd_, static_cast<off_t>(size)) < 0) return fail("truncate");
  size_ = size;
  return 0;
}

int disk_file::close() {
  if (fd_ < 0) return -error_;
  if (::close(std::exchange(fd_, -1)) < 0) return fail("close");
  return error_ != 0 ? -error_ : 0;
}

}  // namespace berth::net
