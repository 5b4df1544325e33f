#include "api/http/access_log.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "api/http/arguments.hpp"
#include "api/text/name.hpp"

namespace berth::api {
namespace {

constexpr std::string_view hidden = "***";
constexpr std::size_t longest_value = 256;
constexpr std::size_t longest_arguments = 4096;

bool tells_secret(std::string_view name) {
  static constexpr std::array<std::string_view, 5> words{"secret", "password", "passwd", "token", "authorization"};
  const auto text = to_lower(name);
  return std::any_of(words.begin(), words.end(), [&](auto word) { return text.find(word) != std::string::npos; });
}

void replace_all(std::string& text, std::string_view what) {
  if (what.empty()) return;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + hidden.size()))
    text.replace(at, what.size(), hidden);
}

/// A value may itself be a URL with a secret of its own (a hook's, another server's).
void hide_inner_secrets(std::string& text) {
  constexpr std::string_view name = "secret=";
  auto lowered = to_lower(text);
  for (auto at = lowered.find(name); at != std::string::npos; at = lowered.find(name, at + name.size())) {
    const auto begin = at + name.size();
    const auto end = std::min(text.find_first_of("& \"", begin), text.size());
    text.replace(begin, end - begin, hidden);
    lowered.replace(begin, end - begin, hidden);
  }
}

/// In this order: what is cut first could be recognized no more.
std::string shown(std::string text, std::string_view secret) {
  replace_all(text, secret);
  hide_inner_secrets(text);
  const bool cut = text.size() > longest_value;
  text.resize(std::min(text.size(), longest_value));
  return on_one_line(text) + (cut ? "..." : "");
}

}  // namespace

std::string access_line(const answered_call& call) {
  const auto& request = call.request;
  const std::string_view secret{request.settings->secret};
  std::string line = request.peer.to_string() + " " + on_one_line(request.method) + " " + shown(request.path, secret);

  const arguments args{request};
  std::string list;
  for (const auto& [name, value] : args.all()) {
    if (list.size() > longest_arguments) {
      list += " ...";
      break;
    }
    list.append(" ").append(shown(name, secret)).append("=");
    list.append(tells_secret(name) ? std::string{hidden} : shown(value, secret));
  }
  line += list + " -> " + std::to_string(call.status);
  if (call.code) line += " code " + std::to_string(*call.code);
  return line + ", " + std::to_string(call.took.count()) + " us";
}

}  // namespace berth::api
