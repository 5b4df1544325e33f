// The directory where a node keeps what must survive a restart: its secret, its id, the settings made through the API.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "net/base/result.hpp"

namespace berth::api {

/// What decides where the directory is; an argument so that tests need no real environment.
struct state_dir_environment {
  std::function<std::optional<std::string>(const char*)> variable;
  bool is_root = false;

  static state_dir_environment of_process();
};

/// `configured` (berth.state_dir) if not empty, else $STATE_DIRECTORY (its first entry, systemd lists several with
/// ':'), else $XDG_STATE_HOME/berth, else /var/lib/berth for root, else ~/.local/state/berth. Touches nothing.
net::result<std::filesystem::path, std::string> find_state_dir(std::string_view configured,
                                                               const state_dir_environment& environment);

/// An existing, writable state directory. A value type: it holds the path, no descriptor. The daemon opens it once at
/// start, on its main thread. All errors are sentences with the path and the system's reason.
class state_dir {
 public:
  /// Creates what is missing of the path, the last directory (and any made on the way) with mode 0700.
  static net::result<state_dir, std::string> open(const std::filesystem::path& path);

  const std::filesystem::path& path() const noexcept { return path_; }
  std::filesystem::path overrides_file() const { return path_ / "overrides.ini"; }
  std::filesystem::path secret_file() const { return path_ / "secret"; }
  std::filesystem::path media_server_id_file() const { return path_ / "media_server_id"; }

  struct kept_text {
    std::string text;
    bool made_now = false;  // true: this call made it, so print it once
  };
  /// Reads the kept secret (mode 0600), or makes one of 32 random characters.
  net::result<kept_text, std::string> secret() const;
  /// Reads the kept mediaServerId, or makes one of 16 random characters.
  net::result<kept_text, std::string> media_server_id() const;

 private:
  explicit state_dir(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace berth::api
