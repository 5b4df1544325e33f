#include "api/http/access_log.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "api/http/arguments.hpp"
#include "api/text/name.hpp"

namespace berth::api {
namespace {

constexpr std::string_view hidden = "***";
constexpr std::size_t longest_value = 256;
constexpr std::size_t longest_method = 32;
constexpr std::size_t longest_arguments = 4096;
/// Of a stranger's call; each byte may be written as four.
constexpr std::size_t longest_refused = 256, longest_refused_value = 64;
/// Of a call, until its words are found.
constexpr std::size_t most_arguments = 64;
constexpr std::size_t most_kept = 8192;

constexpr std::size_t longest_name = 64;

/// Of a name.
bool tells_secret(std::string_view name) {
  static constexpr std::array<std::string_view, 5> words{"secret", "password", "passwd", "token", "authorization"};
  std::array<char, longest_name> lowered;
  const auto end = std::transform(name.begin(), name.end(), lowered.begin(), [](char c) { return to_lower(c); });
  const std::string_view text{lowered.begin(), end};
  return std::any_of(words.begin(), words.end(), [&](auto word) { return text.find(word) != text.npos; });
}

/// What no client gives as a name is no name: a body of another kind, perhaps, with a secret somewhere in it.
bool is_name(std::string_view text) {
  return text.size() <= longest_name && std::all_of(text.begin(), text.end(), [](char c) {
           const auto l = to_lower(c);
           return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
         });
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

/// scheme://user:password@host, RFC 3986 3.2.1, wherever it stands.
void hide_passwords(std::string& text) {
  constexpr std::string_view mark = "://";
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + mark.size())) {
    const auto begin = at + mark.size();
    const auto end = std::min(text.find_first_of("/?# \"", begin), text.size());
    const auto host = text.substr(begin, end - begin).rfind('@');
    const auto colon = text.find(':', begin);
    if (host == std::string::npos || colon > begin + host) continue;
    text.replace(colon + 1, begin + host - colon - 1, hidden);
  }
}

/// In this order: what is cut first could be recognized no more.
std::string shown(std::string_view as_it_is, std::string_view secret, std::size_t most = longest_value) {
  const auto has = [&](std::string_view what) { return as_it_is.find(what) != as_it_is.npos; };
  if (as_it_is.size() <= most && !has("=") && !has("://") && (secret.empty() || !has(secret)))
    return on_one_line(as_it_is);
  std::string text{as_it_is};
  replace_all(text, secret);
  if (text.find('=') != text.npos) hide_inner_secrets(text);
  hide_passwords(text);
  const bool cut = text.size() > most;
  text.resize(std::min(text.size(), most));
  return on_one_line(text) + (cut ? "..." : "");
}

}  // namespace

answered_call::answered_call(http_request request, const http_reply& reply, std::chrono::microseconds took)
    : request_(std::move(request)), refused_(!reply.admitted), status_(reply.status), code_(reply.code), took_(took) {
  auto& r = request_;
  r.target = {};
  size_ = sizeof *this + r.method.size() + r.path.size();
  std::size_t kept = 0;
  for (const auto& [name, value] : r.query) {
    cut_ = kept == most_arguments || size_ + name.size() + value.size() > most_kept;
    if (cut_) break;
    ++kept;
    size_ += sizeof r.query.front() + name.size() + value.size();
  }
  if (cut_) r.query = {r.query.begin(), r.query.begin() + static_cast<std::ptrdiff_t>(kept)};
  // What the body is has to be known where there is one.
  name_values type;
  if (!r.body.empty()) type.emplace_back("Content-Type", r.header("Content-Type").substr(0, longest_value));
  r.headers = std::move(type);
  if (size_ + r.body.size() > most_kept) {
    cut_ = true;
    r.body = {};
  }
  size_ += r.body.size();
}

std::string access_line(const answered_call& call) {
  const auto& request = call.request_;
  const std::string_view secret{request.settings->secret};
  std::string line;
  line.reserve(256);
  line.append(request.peer.to_string()).append(" ").append(on_one_line(request.method, longest_method)).append(" ");
  const auto most = call.refused_ ? longest_refused_value : longest_value;
  line.append(shown(request.path, secret, most));

  std::optional<arguments> merged;
  if (!request.body.empty()) merged.emplace(request);
  const auto begin = line.size();
  const auto longest = call.refused_ ? longest_refused : longest_arguments;
  bool cut = call.cut_;
  for (const auto& [name, value] : merged ? merged->all() : request.query) {
    const bool too_long = line.size() - begin > longest;
    cut = cut || too_long;
    if (too_long) break;
    const bool named = is_name(name);
    line.append(" ")
        .append(named ? shown(name, secret, most) : "(" + std::to_string(name.size()) + " bytes)")
        .append("=");
    line.append(!named || tells_secret(name) ? hidden : shown(value, secret, most));
  }
  line.append(cut ? " ... -> " : " -> ").append(std::to_string(call.status_));
  if (call.code_) line.append(" code ").append(std::to_string(*call.code_));
  return line.append(", ").append(std::to_string(call.took_.count())).append(" us");
}

}  // namespace berth::api
