// URLs as people write them, taken apart.
#pragma once

#include <string>
#include <string_view>

#include "net/base/result.hpp"

namespace berth::api {

/// SCHEME://USER@HOST:PORT/PATH?QUERY. Views into the URL, each as it was written.
struct url_parts {
  std::string_view scheme;
  std::string_view user;  ///< with the '@' behind it; may be empty
  std::string_view host;  ///< without the brackets of an IPv6 address
  std::string_view port;  ///< digits; empty = the scheme's
  std::string_view rest;  ///< from the path on
  std::string_view path;  ///< with the '/' in front; may be empty
  std::string_view query;
};

/// RFC 3986, but as FFmpeg finds the parts: the host stands behind the last '@' before the path, and nothing of a user,
/// a path or a query has to be encoded; a '#' belongs to what it stands in. Refused with a sentence: no scheme or host,
/// a port that is none, blanks and control characters.
net::result<url_parts, std::string> split_url(std::string_view url);

/// The blanks and control characters as %XX: many who ask for a stream leave them in its name.
std::string encode_blanks(std::string_view url);

}  // namespace berth::api
