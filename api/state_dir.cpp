// Finding and making the state directory and the two texts that are made once.
#include "api/state_dir.hpp"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "api/http_request.hpp"
#include "net/unique_fd.hpp"

namespace berth::api {
namespace {

std::string failed(std::string_view step, const std::filesystem::path& path) {
  return std::string{step} + " " + path.string() + ": " + std::strerror(errno);
}

std::string random_text(std::size_t length) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  constexpr unsigned fair = 256 / 62 * 62;  // bytes above it would prefer the first letters
  std::string text;
  std::array<unsigned char, 64> bytes{};
  while (text.size() < length) {
    if (RAND_bytes(bytes.data(), bytes.size()) != 1) return {};
    for (const auto b : bytes)
      if (b < fair && text.size() < length) text += letters[b % 62];
  }
  return text;
}

net::result<state_dir::kept_text, std::string> keep(const std::filesystem::path& path, std::size_t length) {
  {
    std::ifstream in{path};
    std::string text;
    if (in && std::getline(in, text)) {
      text = trim(text);
      if (!text.empty()) return state_dir::kept_text{text, false};
    }
  }
  const auto text = random_text(length);
  if (text.empty()) return net::failure{std::string{"the system gave no random bytes for "} + path.string()};
  const net::unique_fd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  if (!file) return net::failure{failed("create", path)};
  const auto line = text + "\n";
  if (::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()) || ::fsync(file.get()) != 0)
    return net::failure{failed("write", path)};
  return state_dir::kept_text{text, true};
}

}  // namespace

state_dir_environment state_dir_environment::of_process() {
  return {[](const char* name) -> std::optional<std::string> {
            const auto* value = std::getenv(name);
            return value != nullptr && *value != '\0' ? std::optional<std::string>{value} : std::nullopt;
          },
          ::geteuid() == 0};
}

net::result<std::filesystem::path, std::string> find_state_dir(std::string_view configured,
                                                               const state_dir_environment& environment) {
  if (!configured.empty()) return std::filesystem::path{configured};
  if (const auto given = environment.variable("STATE_DIRECTORY"))
    return std::filesystem::path{given->substr(0, given->find(':'))};
  if (const auto given = environment.variable("XDG_STATE_HOME")) return std::filesystem::path{*given} / "berth";
  if (environment.is_root) return std::filesystem::path{"/var/lib/berth"};
  if (const auto home = environment.variable("HOME")) return std::filesystem::path{*home} / ".local/state/berth";
  return net::failure{std::string{"no state directory: set berth.state_dir, STATE_DIRECTORY or HOME"}};
}

net::result<state_dir, std::string> state_dir::open(const std::filesystem::path& path) {
  std::filesystem::path made;
  for (const auto& part : std::filesystem::absolute(path)) {
    made /= part;
    if (::mkdir(made.c_str(), 0700) != 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
      return net::failure{failed("create directory", made)};
  }
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return net::failure{failed("open directory", path)};
  if (!S_ISDIR(about.st_mode)) return net::failure{path.string() + " is not a directory"};
  if (::access(path.c_str(), W_OK | X_OK) != 0) return net::failure{failed("write to directory", path)};
  return state_dir{path};
}

net::result<state_dir::kept_text, std::string> state_dir::secret() const { return keep(secret_file(), 32); }

net::result<state_dir::kept_text, std::string> state_dir::media_server_id() const {
  return keep(media_server_id_file(), 16);
}

}  // namespace berth::api
