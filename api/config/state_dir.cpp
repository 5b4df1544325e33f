// Finding and making the directory, and the values that are made once.
#include "api/config/state_dir.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "api/config/file.hpp"

namespace berth::api {
namespace {

using text_result = net::result<state_dir::kept_text, std::string>;

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Characters that need no quoting in a URL, an INI or a shell. Bytes past the last multiple of their number are thrown
/// away, or the first letters would come more often than the others.
net::result<std::string, std::string> random_text(std::size_t length) {
  constexpr std::size_t fair = 256 / letters.size() * letters.size();
  std::string text;
  std::array<unsigned char, 64> bytes{};
  while (text.size() < length) {
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
      return net::failure{std::string{"the system's random generator gives nothing"}};
    for (const auto byte : bytes)
      if (byte < fair && text.size() < length) text.push_back(letters[byte % letters.size()]);
  }
  return text;
}

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

text_result read_or_make(const std::filesystem::path& path, std::size_t length) {
  if (const auto kept = read_file(path)) {
    const auto text = without_blanks(*kept);
    const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return ' ' < c && c <= '~'; });
    if (!printable)
      return net::failure{
          fmt::format("{}: not one line of printable characters; remove the file to get a new value", path.string())};
    // Somebody who reads along can not be undone, but not be let in any longer, either.
    if (::chmod(path.c_str(), 0600) != 0)
      return net::failure{fmt::format("set the mode of {}: {}", path.string(), std::generic_category().message(errno))};
    if (!text.empty()) return state_dir::kept_text{std::string{text}, false};
  } else if (kept.error().code != ENOENT) {
    return net::failure{kept.error().text};
  }
  auto made = random_text(length);
  if (!made) return net::failure{std::move(made.error())};
  if (auto error = write_file_atomically(path, *made + '\n', 0600)) return net::failure{std::move(error->text)};
  return state_dir::kept_text{std::move(*made), true};
}

/// mkdir -p with 0700 for each directory made.
std::optional<std::string> make_directories(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return std::nullopt;
    return fmt::format("state directory {}: {}", path.string(), std::generic_category().message(ENOTDIR));
  }
  if (const auto parent = path.parent_path(); !parent.empty() && parent != path)
    if (auto error = make_directories(parent)) return error;
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return std::nullopt;
  return fmt::format("make the state directory {}: {}", path.string(), std::generic_category().message(errno));
}

}  // namespace

state_dir_environment state_dir_environment::of_process() {
  return {[](const char* name) -> std::optional<std::string> {
            const char* value = std::getenv(name);
            return value == nullptr ? std::nullopt : std::optional<std::string>{value};
          },
          ::geteuid() == 0};
}

net::result<std::filesystem::path, std::string> find_state_dir(std::string_view configured,
                                                               const state_dir_environment& environment) {
  const auto variable = [&](const char* name) { return environment.variable(name).value_or(""); };
  if (!configured.empty()) return std::filesystem::path{configured};
  if (const auto list = variable("STATE_DIRECTORY"); !list.empty())
    return std::filesystem::path{list.substr(0, list.find(':'))};
  // The base directory specification: a relative path in the variable is to be ignored.
  if (const std::filesystem::path base{variable("XDG_STATE_HOME")}; base.is_absolute()) return base / "berth";
  if (environment.is_root) return std::filesystem::path{"/var/lib/berth"};
  if (const std::filesystem::path home{variable("HOME")}; home.is_absolute())
    return home / ".local" / "state" / "berth";
  return net::failure{std::string{"there is no place for the state directory: set berth.state_dir, or $HOME"}};
}

net::result<state_dir, std::string> state_dir::open(const std::filesystem::path& path) {
  // A trailing slash would make an empty last name.
  auto clean = path.lexically_normal();
  if (!clean.has_filename()) clean = clean.parent_path();
  if (auto error = make_directories(clean)) return net::failure{std::move(*error)};
  if (::access(clean.c_str(), R_OK | W_OK | X_OK) != 0)
    return net::failure{fmt::format("state directory {}: {}", clean.string(), std::generic_category().message(errno))};
  return state_dir{std::move(clean)};
}

net::result<state_dir::kept_text, std::string> state_dir::secret() const { return read_or_make(secret_file(), 32); }

net::result<state_dir::kept_text, std::string> state_dir::media_server_id() const {
  return read_or_make(media_server_id_file(), 16);
}

}  // namespace berth::api
