// The line reader of ini.hpp.
#include "api/config/ini.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <utility>

#include "api/text/text.hpp"

namespace berth::api {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_comment_sign(char c) { return c == ';' || c == '#'; }

/// Drops a comment: a sign after a blank, with all that follows.
std::string_view without_comment(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i)
    if (is_comment_sign(text[i]) && is_blank(text[i - 1])) return text.substr(0, i);
  return text;
}

/// The inside of a text in quotes, if the quotes enclose all of it but a comment. A value like `"a b" -i "c"` is none:
/// command lines of other servers' files look like that, and they mean their quotes.
std::optional<std::string> quoted(std::string_view text) {
  if (text.empty() || text.front() != '"') return std::nullopt;
  std::string inside;
  std::size_t i = 1;
  for (; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) ++i;
    inside.push_back(text[i]);
  }
  if (i == text.size()) return std::nullopt;
  const auto rest = text.substr(i + 1);
  if (rest.empty() || (is_blank(rest.front()) && trim(without_comment(rest)).empty())) return inside;
  return std::nullopt;
}

/// `text` begins right after the '='.
std::string read_value(std::string_view text) {
  if (auto inside = quoted(trim(text))) return *inside;
  return std::string{trim(without_comment(text))};
}

/// Goes through the lines and fills the document.
class reader {
 public:
  ini_document read(std::string_view text) {
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    while (!text.empty()) {
      const auto end = text.find('\n');
      auto line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      ++line_;
      read_line(line);
    }
    return std::move(document_);
  }

 private:
  void fail(std::string key, std::string text) { document_.errors.push_back({std::move(key), std::move(text), line_}); }

  void read_line(std::string_view line) {
    if (line.find('\0') != std::string_view::npos) return fail({}, "the line contains a byte of 0");
    line = trim(line);
    if (line.empty() || is_comment_sign(line.front())) return;
    if (line.front() == '[') return read_section(line);

    if (skipping_) return;

    const auto equals = line.find('=');
    if (equals == std::string_view::npos)
      return fail({}, fmt::format("'{}' has no '=': write key=value", line.substr(0, 60)));
    const auto key = trim(line.substr(0, equals));
    if (key.empty()) return fail({}, "there is no key before '='");
    if (section_.empty()) return fail(std::string{key}, "the key stands outside a section: write [section] above it");

    auto name = fmt::format("{}.{}", section_, key);
    const auto [first, is_new] = seen_.emplace(name, line_);
    if (!is_new) return fail(std::move(name), fmt::format("given twice, first in line {}", first->second));
    document_.entries.push_back({section_, std::string{key}, read_value(line.substr(equals + 1)), line_});
  }

  void read_section(std::string_view line) {
    line = trim(without_comment(line));
    const auto name = line.size() > 2 && line.ends_with(']') ? trim(line.substr(1, line.size() - 2)) : "";
    section_ = std::string{name};
    skipping_ = name.empty();
    if (skipping_) fail({}, fmt::format("'{}' is no section: write [section]", line.substr(0, 60)));
  }

  ini_document document_;
  std::map<std::string, std::size_t> seen_;  // name -> line
  std::string section_;
  bool skipping_ = false;  // below a broken heading, reported once: its keys belong to nobody knows which section
  std::size_t line_ = 0;
};

}  // namespace

ini_document parse_ini(std::string_view text) { return reader{}.read(text); }

std::string ini_value(std::string_view value) {
  if (read_value(value) == value) return std::string{value};
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + '"';
}

}  // namespace berth::api
