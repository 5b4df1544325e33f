// INI text: what a line means, and how a value is written so that it reads back the same.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace berth::api {

struct ini_entry {
  std::string section;
  std::string key;
  std::string value;
  std::size_t line = 0;  // the first is 1
};

struct ini_error {
  std::string key;  // "section.key", as far as it is known
  std::string text;
  std::size_t line = 0;
};

struct ini_document {
  std::vector<ini_entry> entries;  // in the order of the text
  std::vector<ini_error> errors;
};

/// Reads a whole text; a bad line is reported and the rest is read all the same.
///
///   [section]            blanks around everything are dropped; LF or CRLF; a UTF-8 byte order mark may come first
///   key=value            the value goes from the first '=' to the end of the line
///   key = a b;c#d ; why  ';' or '#' begins a comment at the start of a line or after a blank, nowhere else
///   key = "a ; b"        quotes keep blanks and comment signs; \" and \\ inside them; only when they enclose all of it
///
/// Errors: a line that is none of these, a key outside a section, a key given twice, a byte of 0.
ini_document parse_ini(std::string_view text);

/// A value as parse_ini() reads it back: as it is, or in quotes where it needs them. It must not contain a line break.
std::string ini_value(std::string_view value);

}  // namespace berth::api
