// The gate for names that come from outside: what may be called a virtual host, an app or a stream.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace berth::api {

/// Bytes of a stream id, an app or a virtual host: they stand in logs, hooks, paths and lists.
inline constexpr std::size_t longest_name = 255;

/// Why `text` can not be a name, as a sentence without a subject: "has 300 bytes, names have 1..255". Nothing if it can:
/// valid UTF-8 (RFC 3629) without control characters (C0, C1, DEL, U+2028, U+2029) and without those that turn the
/// direction of text around (U+202A..202E, U+2066..2069), which make a line of a log say what it does not.
std::optional<std::string> why_no_name(std::string_view text);

/// A text of somebody else's as a part of one line: what why_no_name() would not let pass stands as \xNN, a backslash as
/// \\. Cut behind `most` bytes.
std::string on_one_line(std::string_view text, std::size_t most = 4096);

}  // namespace berth::api
