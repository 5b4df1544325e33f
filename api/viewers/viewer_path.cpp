#include "api/viewers/viewer_path.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace berth::api {
namespace {

using kind = viewer_path::kind;

constexpr std::array<std::pair<std::string_view, net::container>, 2> playlists{
    {{"hls.m3u8", net::container::ts}, {"hls.fmp4.m3u8", net::container::fmp4}}};

bool is_number(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view until_dash(std::string_view& text) noexcept {
  const auto dash = text.find('-');
  const auto part = text.substr(0, dash);
  text = dash == text.npos ? std::string_view{} : text.substr(dash + 1);
  return part;
}

// "12-3-17.ts": the session's name, and a file as hls_segmenter names it.
bool take_segment(viewer_path& p, std::string_view name) {
  auto file = name;
  const auto generation = until_dash(file);
  const auto number = until_dash(file);
  if (!is_number(generation) || !is_number(number)) return false;
  const bool ts = file.ends_with(".ts");
  if (!ts && !file.ends_with(".m4s") && !file.ends_with(".mp4")) return false;
  p.what = kind::segment;
  p.as = ts ? net::container::ts : net::container::fmp4;
  p.session = name.substr(0, generation.size() + 1 + number.size());
  p.file = file;
  return true;
}

bool take_hls(viewer_path& p, std::string_view file) {
  for (const auto& [name, as] : playlists) {
    if (file != name) continue;
    p.what = kind::playlist;
    p.as = as;
    return true;
  }
  return take_segment(p, file);
}

// Gives the length of the stream's name, 0 if it is none.
std::size_t take_live(viewer_path& p, std::string_view rest) {
  constexpr std::string_view live = ".live.";
  const auto at = rest.rfind(live);
  if (at == rest.npos || rest.find('/', at) != rest.npos) return 0;
  const auto suffix = rest.substr(at + live.size());
  for (std::size_t i = 0; i < net::container_count; ++i) {
    const auto as = static_cast<net::container>(i);
    if (suffix.empty() || suffix != net::facts_of(as).suffix) continue;
    p.what = kind::live;
    p.as = as;
    return at;
  }
  p.what = kind::unknown;
  p.file = suffix;
  return at;
}

}  // namespace

std::optional<viewer_path> parse_viewer_path(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(1);
  const auto first = path.find('/');
  if (first == path.npos || first == 0) return std::nullopt;
  viewer_path p;
  p.app = path.substr(0, first);
  const auto rest = path.substr(first + 1);
  const auto last = rest.rfind('/');
  if (last != rest.npos && last > 0 && take_hls(p, rest.substr(last + 1))) {
    p.stream = rest.substr(0, last);
    return p;
  }
  const auto length = take_live(p, rest);
  if (length == 0) return std::nullopt;
  p.stream = rest.substr(0, length);
  return p;
}

std::string live_suffixes() {
  std::string all;
  for (std::size_t i = 0; i < net::container_count; ++i)
    if (const auto suffix = net::facts_of(static_cast<net::container>(i)).suffix; !suffix.empty())
      all += (all.empty() ? "" : ", ") + std::string{suffix};
  return all;
}

}  // namespace berth::api
