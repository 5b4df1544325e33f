#include "api/text/name.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "api/text/text.hpp"

namespace berth::api {
namespace {

struct code_point {
  char32_t value = 0;
  std::size_t bytes = 0;
};

// Of valid UTF-8 only.
code_point first_of(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[i])); };
  const auto lead = at(0);
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xe0) return {(lead & 0x1f) << 6 | (at(1) & 0x3f), 2};
  if (lead < 0xf0) return {(lead & 0x0f) << 12 | (at(1) & 0x3f) << 6 | (at(2) & 0x3f), 3};
  return {(lead & 0x07) << 18 | (at(1) & 0x3f) << 12 | (at(2) & 0x3f) << 6 | (at(3) & 0x3f), 4};
}

constexpr bool is_control(char32_t c) noexcept {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}
constexpr bool turns_around(char32_t c) noexcept {
  return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

std::string number_of(char32_t c) {
  char text[16];
  std::snprintf(text, sizeof text, "U+%04X", static_cast<unsigned>(c));
  return text;
}

std::string escaped(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    out += "\\x" + to_hex({&byte, 1});
  }
  return out;
}

}  // namespace

std::optional<std::string> why_no_name(std::string_view text) {
  if (text.empty() || text.size() > longest_name)
    return "has " + std::to_string(text.size()) + " bytes, names have 1.." + std::to_string(longest_name);
  if (!is_utf8(text)) return "is not valid UTF-8";
  for (std::size_t i = 0; i < text.size();) {
    const auto c = first_of(text.substr(i));
    if (is_control(c.value)) return "has the control character " + number_of(c.value) + " at byte " + std::to_string(i);
    if (turns_around(c.value))
      return "has " + number_of(c.value) + " at byte " + std::to_string(i) +
             ", which turns the direction of text around";
    i += c.bytes;
  }
  return std::nullopt;
}

std::string on_one_line(std::string_view text, std::size_t most) {
  const bool cut = text.size() > most;
  text = text.substr(0, most);
  std::string out;
  out.reserve(text.size() + 8);
  // Nearly every text stays as it is.
  if (std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~' && c != '\\'; }))
    return out.append(text).append(cut ? "..." : "");
  const bool valid = is_utf8(text);
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    // Of what is no UTF-8 as a whole only ASCII is sure to be what it seems.
    const auto c = valid || lead < 0x80 ? first_of(text.substr(i)) : code_point{0, 1};
    const auto bytes = text.substr(i, c.bytes);
    if (is_control(c.value) || turns_around(c.value))
      out += escaped(bytes);
    else
      out.append(bytes == "\\" ? "\\\\" : bytes);
    i += c.bytes;
  }
  if (cut) out += "...";
  return out;
}

}  // namespace berth::api
