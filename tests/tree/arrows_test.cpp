// The architecture as one table: which room may include which. Distributions put CAF, Boost and simdjson into the
// system's include folder, where no link visibility can hide them: this look at the sources is the gate.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"

namespace {

using std::string;
using names = std::vector<string>;

struct room {
  names may_include;  ///< other rooms; a whole folder is named by its name alone
};

const std::map<string, room> rooms{
    {"net/base", {}},
    {"net/io", {{"net/base"}}},
    {"net/codec", {{"net/base"}}},
    {"net/media", {{"net/base", "net/codec"}}},
    {"net/rtp", {{"net/base", "net/io"}}},
    {"net/ingest", {{"net/base", "net/codec", "net/media", "net/rtp"}}},
    {"net/egress", {{"net/base", "net/io", "net/codec", "net/media", "net/rtp"}}},
    {"net/source", {{"net/base", "net/codec", "net/media", "net/ingest"}}},
    {"net/rtc", {{"net/base", "net/io", "net/codec", "net/rtp", "net/ingest", "net/source"}}},
    {"actors/contract", {{"net"}}},
    {"actors/events", {{"net", "actors/contract"}}},
    {"actors/stream", {{"net", "actors/contract"}}},
    {"actors/supervisor", {{"net", "actors/contract", "actors/events", "actors/stream"}}},
    {"api/text", {{"net/base"}}},
    {"api/config", {{"net", "actors/contract", "api/text"}}},
    {"api/http", {{"net", "api/text", "api/config"}}},
    {"api/core", {{"net", "actors", "api/text", "api/config", "api/http"}}},
    {"api/viewers", {{"net", "actors", "api/text", "api/config", "api/http", "api/core"}}},
    {"api/recording", {{"net", "actors", "api/text", "api/config", "api/http", "api/core"}}},
    {"api/hooks", {{"net", "actors", "api/text", "api/http", "api/core"}}},
    {"api/routes",
     {{"net", "actors", "api/text", "api/config", "api/http", "api/core", "api/viewers", "api/recording"}}},
    {"api/daemon", {{"net", "actors", "api"}}},
};

/// What a folder must not include of the outside, as the beginning of an include.
const std::map<string, names> forbidden{
    {"net", {"caf/", "boost/", "simdjson", "spdlog", "prometheus", "curl/", "tests/", "bench/"}},
    {"actors", {"boost/", "simdjson", "spdlog", "prometheus", "curl/", "openssl", "tests/", "bench/"}},
    {"api", {"tests/", "bench/"}},
};

constexpr std::size_t longest_file = 450;

struct source_file {
  string path;  ///< from the project's root
  std::size_t lines = 0;
  string first_line;
  bool once = false;
  names includes;

  string folder() const { return path.substr(0, path.find('/')); }
  string room() const { return path.substr(0, path.rfind('/')); }
  /// A pair of files is one noun.
  string noun() const { return path.substr(0, path.rfind('.')); }
  bool is_header() const { return path.ends_with(".hpp"); }
};

source_file read(const std::filesystem::path& root, const std::filesystem::path& at) {
  static const std::regex include{R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])"};
  source_file f;
  f.path = at.lexically_relative(root).string();
  std::ifstream in{at};
  for (string line; std::getline(in, line); ++f.lines) {
    if (f.lines == 0) f.first_line = line;
    if (line == "#pragma once") f.once = true;
    if (std::smatch found; line.find("include") != string::npos && std::regex_search(line, found, include))
      f.includes.push_back(found[1]);
  }
  return f;
}

std::vector<source_file> sources(const names& folders) {
  const std::filesystem::path root{SOURCE_DIRECTORY};
  std::vector<source_file> all;
  for (const auto& folder : folders)
    for (const auto& e : std::filesystem::recursive_directory_iterator{root / folder})
      if (e.path().extension() == ".hpp" || e.path().extension() == ".cpp") all.push_back(read(root, e.path()));
  return all;
}

const std::vector<source_file>& program() {
  static const auto all = sources({"net", "actors", "api"});
  return all;
}

bool is_own(const string& include) {
  return include.starts_with("net/") || include.starts_with("actors/") || include.starts_with("api/");
}

using graph = std::map<string, std::set<string>>;

/// The first circle that is found, as a path; empty if there is none.
string circle_in(const graph& arrows) {
  enum class state { unseen, open, done };
  std::map<string, state> seen;
  names path;
  string found;
  const std::function<void(const string&)> walk = [&](const string& at) {
    seen[at] = state::open;
    path.push_back(at);
    if (const auto next = arrows.find(at); next != arrows.end())
      for (const auto& to : next->second) {
        if (!found.empty()) return;
        if (seen[to] == state::open) {
          for (auto it = std::find(path.begin(), path.end(), to); it != path.end(); ++it) found += *it + " -> ";
          found += to;
        } else if (seen[to] == state::unseen) {
          walk(to);
        }
      }
    path.pop_back();
    seen[at] = state::done;
  };
  for (const auto& [from, to] : arrows)
    if (found.empty() && seen[from] == state::unseen) walk(from);
  return found;
}

}  // namespace

TEST_CASE("every file stands in a room of the table, and every room has files") {
  std::set<string> used;
  for (const auto& f : program()) {
    INFO(f.path);
    CHECK(rooms.contains(f.room()));
    used.insert(f.room());
  }
  CHECK(used.size() == rooms.size());
}

TEST_CASE("includes follow the arrows of the table") {
  for (const auto& f : program()) {
    const auto& allowed = rooms.at(f.room()).may_include;
    for (const auto& i : f.includes) {
      INFO(f.path << " includes " << i);
      for (const auto& outside : forbidden.at(f.folder())) CHECK_FALSE(i.starts_with(outside));
      if (!is_own(i)) continue;
      const auto target = i.substr(0, i.rfind('/'));
      const auto folder = i.substr(0, i.find('/'));
      CHECK((target == f.room() || std::find(allowed.begin(), allowed.end(), target) != allowed.end() ||
             std::find(allowed.begin(), allowed.end(), folder) != allowed.end()));
    }
  }
}

TEST_CASE("there is no circle between rooms, and none between nouns") {
  graph between_rooms, between_nouns;
  for (const auto& f : program())
    for (const auto& i : f.includes) {
      if (!is_own(i)) continue;
      const auto target = i.substr(0, i.rfind('/')), noun = i.substr(0, i.rfind('.'));
      if (target != f.room()) between_rooms[f.room()].insert(target);
      if (noun != f.noun()) between_nouns[f.noun()].insert(noun);
    }
  REQUIRE(between_nouns.size() > 100);
  CHECK(circle_in(between_rooms) == "");
  CHECK(circle_in(between_nouns) == "");
  CHECK(circle_in({{"a", {"b"}}, {"b", {"c"}}, {"c", {"b"}}}) == "b -> c -> b");
}

TEST_CASE("a header is read once, and its first line says what it is for") {
  for (const auto& f : sources({"net", "actors", "api", "bench", "tests"})) {
    if (!f.is_header()) continue;
    INFO(f.path);
    CHECK(f.once);
    CHECK(f.first_line.starts_with("// "));
  }
}

TEST_CASE("keys of the configuration are read by name in one place") {
  static const std::regex read_by_name{R"re((\.|->)(get_\w+|text)\("[a-z_]+\.\w+"\))re"};
  std::size_t found = 0;
  for (const auto& f : program()) {
    if (f.folder() != "api" || f.room() == "api/config") continue;
    std::ifstream in{std::filesystem::path{SOURCE_DIRECTORY} / f.path};
    for (string line; std::getline(in, line);) {
      if (line.find("(\"") == string::npos || !std::regex_search(line, read_by_name)) continue;
      INFO(f.path << ": " << line);
      CHECK(f.path == "api/core/settings.cpp");
      ++found;
    }
  }
  CHECK(found > 50);
}

TEST_CASE("no file is too long to be read in one go") {
  for (const auto& f : sources({"net", "actors", "api", "bench", "tests"})) {
    INFO(f.path);
    CHECK(f.lines <= longest_file);
  }
}
