// Finding keys in the table by their name, or by a name that was meant to be theirs.
#include "api/config/config_schema.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace berth::api {
namespace {

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

/// Levenshtein distance that does not see the difference of upper and lower case.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replaced = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

const config_key* find_config_key(std::string_view name) {
  static const auto by_name = [] {
    std::unordered_map<std::string_view, const config_key*> map;
    for (const auto& key : config_keys()) map.emplace(key.name, &key);
    return map;
  }();
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

std::string_view nearest_config_key(std::string_view name) {
  // A longer name than this is no slip of the finger, and the distance costs the product of both lengths.
  if (name.size() > 100) return {};
  const auto dot = name.find('.');
  const auto short_name = name.substr(dot == std::string_view::npos ? 0 : dot + 1);
  // More than a third of it wrong is another word, not a slip.
  const auto most = std::max<std::size_t>(2, name.size() / 3);
  std::string_view best;
  std::pair least{most + 1, std::size_t{0}};
  for (const auto& key : config_keys()) {
    const auto distance = edit_distance(name, key.name);
    // The right name in the wrong section, or without one, is as near as two wrong letters.
    const std::pair score{key.short_name() == short_name ? std::min<std::size_t>(distance, 2) : distance, distance};
    if (score < least) {
      least = score;
      best = key.name;
    }
  }
  return best;
}

}  // namespace berth::api
