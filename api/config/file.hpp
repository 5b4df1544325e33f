// Small files, read whole and written whole: settings, the secret, the node's id.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "net/base/result.hpp"

namespace berth::api {

/// The system's reason for a failure; `text` names the step, the path and the reason.
struct file_error {
  int code = 0;  // errno
  std::string text;
};

net::result<std::string, file_error> read_file(const std::filesystem::path& path);

/// Replaces the file at `path` so that whoever reads it, at any moment and after any crash, sees the old content or the
/// new one and nothing else: the content goes to PATH.tmp, onto the disk, and then takes the name. On return it is on
/// the disk. One writer at a time; what a killed writer has left in PATH.tmp is overwritten by the next one.
std::optional<file_error> write_file_atomically(const std::filesystem::path& path, std::string_view content,
                                                mode_t mode);

}  // namespace berth::api
