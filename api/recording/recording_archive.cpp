#include "api/recording/recording_archive.hpp"

#include <algorithm>

#include "api/http/run_on.hpp"
#include "api/recording/recording_paths.hpp"

namespace berth::api {
namespace {

namespace fs = std::filesystem;

bool is_day(std::string_view period) { return period.size() == std::string_view{"2026-11-25"}.size(); }

/// The path with its links followed, if it is below the root then, too.
net::result<fs::path, std::string> followed(const fs::path& root, const fs::path& path) {
  std::error_code failed;
  const auto real_root = fs::canonical(root, failed);
  const auto real = failed ? fs::path{} : fs::canonical(path, failed);
  if (failed) return net::failure{"'" + path.string() + "': " + failed.message()};
  return below(real_root, real.string());
}

std::vector<fs::path> all_files(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator{folder, ignored})
    if (!entry.is_directory(ignored)) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<fs::path> folders_of(const fs::path& stream, const std::string& period) {
  if (is_day(period)) return {stream / period};
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{stream, ignored})
    if (entry.path().filename().string().starts_with(period)) found.push_back(entry.path());
  return found;
}

net::result<std::string, std::string> remove_now(const fs::path& root, const fs::path& folder,
                                                 const recording_archive::place& what, bool recording) {
  const auto real = followed(root, folder);
  if (!real) return net::failure{real.error()};
  const auto& stream = *real;
  const auto all = all_files(stream);
  const auto under_way = recording && !all.empty() ? all.back() : fs::path{};
  const auto named = stream / what.period / what.name;
  std::size_t removed = 0;
  std::error_code failed;
  const auto remove_one = [&](const fs::path& file) {
    if (file != under_way && fs::remove(file, failed)) ++removed;
  };
  if (!what.name.empty()) {
    remove_one(named);
  } else {
    for (const auto& day : folders_of(stream, what.period)) {
      for (const auto& file : all_files(day)) remove_one(file);
      std::error_code not_empty;
      fs::remove(day, not_empty);
    }
  }
  const auto shown = what.name.empty() ? stream / what.period : named;
  if (failed) return net::failure{shown.string() + ": " + failed.message()};
  if (removed == 0)
    return net::failure{shown.string() + (named == under_way ? " is being written" : " does not exist, or is empty")};
  return shown.string();
}

}  // namespace

net::result<fs::path, std::string> recording_archive::folder_of(const place& where) const {
  const auto settings = settings_();
  const auto root = record_root(settings);
  if (where.period.find_first_not_of("0123456789-") != where.period.npos)
    return net::failure{"period: '" + where.period + "' is not a day (2026-11-25) or a month (2026-11)"};
  if (where.name.find('/') != where.name.npos || where.name == "." || where.name == "..")
    return net::failure{"name: '" + where.name + "' is not the name of a file"};
  if (!where.folder.empty()) return below(root, where.folder);
  return record_folder(root, settings.app, where.key);
}

recording_archive::answer<recording_archive::file_list> recording_archive::files(place where) const {
  auto folder = folder_of(where);
  if (!folder) co_return net::failure{folder.error()};
  const auto root = record_root(settings_());
  const bool a_day = is_day(where.period);
  if (a_day) *folder /= where.period;
  const auto look = [&]() -> net::result<file_list, std::string> {
    file_list list{folder->string() + "/", {}};
    if (!followed(root, *folder)) return list;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator{*folder, ignored}) {
      const auto name = entry.path().filename().string();
      if (a_day || name.starts_with(where.period)) list.paths.push_back(name);
    }
    std::sort(list.paths.begin(), list.paths.end());
    return list;
  };
  co_return co_await run_on(disk_, look);
}

recording_archive::answer<std::string> recording_archive::remove(place what, bool recording) const {
  if (what.period.size() < std::string_view{"2026-11"}.size())
    co_return net::failure{"period: '" + what.period + "' is not a day (2026-11-25) or a month (2026-11)"};
  const auto folder = folder_of(what);
  if (!folder) co_return net::failure{folder.error()};
  const auto root = record_root(settings_());
  const auto work = [&] { return remove_now(root, *folder, what, recording); };
  co_return co_await run_on(disk_, work);
}

recording_archive::answer<std::string> recording_archive::find(std::string wanted) const {
  const auto root = record_root(settings_());
  const auto path = below(root, wanted);
  if (!path) co_return net::failure{path.error()};
  const auto look = [&]() -> net::result<std::string, std::string> {
    const auto real = followed(root, *path);
    if (!real) return net::failure{real.error()};
    std::error_code failed;
    if (!fs::is_regular_file(*real, failed)) return net::failure{"'" + wanted + "' is not a file"};
    return real->string();
  };
  co_return co_await run_on(disk_, look);
}

}  // namespace berth::api
