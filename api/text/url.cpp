#include "api/text/url.hpp"

#include <algorithm>
#include <boost/url/grammar/alpha_chars.hpp>
#include <boost/url/grammar/digit_chars.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <cstdint>

#include "api/text/text.hpp"

namespace berth::api {
namespace {

namespace urls = boost::urls;

bool is_blank(char c) noexcept { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; }

/// Where those parts meet that may hold anything.
struct borders {
  std::size_t authority = 0;  ///< behind "://"
  std::size_t host = 0;       ///< behind the last '@' of the authority
  std::size_t rest = 0;
};

borders borders_of(std::string_view url, std::size_t colon) {
  borders b{colon + 3, colon + 3, std::min(url.find_first_of("/?#", colon + 3), url.size())};
  if (const auto at = url.substr(0, b.rest).rfind('@'); at != url.npos && at > colon) b.host = at + 1;
  return b;
}

// The URL with a plain letter for each character that Boost.URL could stumble over outside of host and port. It has the
// same length, so that what stands where is the same in the URL as it was written.
std::string strict(std::string_view url, const borders& b) {
  std::string out{url};
  const auto hide = [&out](std::size_t from, std::size_t to, const urls::grammar::lut_chars& allowed) {
    for (auto i = from; i < to; ++i)
      if (!allowed(out[i])) out[i] = 'x';
  };
  hide(0, b.authority - 3, urls::grammar::alpha_chars);
  if (b.host > b.authority) hide(b.authority, b.host - 1, urls::unreserved_chars);
  hide(std::min(b.rest + 1, out.size()), out.size(), urls::unreserved_chars + '/' + '?');
  // "[fe80::1%eth0]": a zone is no part of RFC 3986, but there is a form that may have any content and length.
  const auto bracket = out.find(']', b.host), zone = out.find('%', b.host);
  if (out[b.host] == '[' && zone < bracket && bracket < b.rest && bracket > b.host + 4)
    out.replace(b.host + 1, bracket - b.host - 1, "v1." + std::string(bracket - b.host - 4, 'x'));
  return out;
}

// Only a host or a port can be wrong when the rest is hidden.
std::string_view what_is_wrong(std::string_view host_and_port) {
  if (host_and_port.starts_with('[') && host_and_port.find(']') == host_and_port.npos)
    return "has a '[' without its ']'";
  const auto end = host_and_port.find(host_and_port.starts_with('[') ? ']' : ':');
  const auto behind = host_and_port.substr(std::min(end, host_and_port.size() - 1) + 1);
  if (std::any_of(behind.begin(), behind.end(), [](char c) { return !urls::grammar::digit_chars(c) && c != ':'; }))
    return "has a port that is not in 0..65535";
  return "has a host that is neither a name nor an address";
}

bool is_port(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc{} && end == text.data() + text.size();
}

}  // namespace

net::result<url_parts, std::string> split_url(std::string_view url) {
  const auto wrong = [](std::string_view why) { return net::failure{"the URL " + std::string{why}}; };
  if (std::any_of(url.begin(), url.end(), is_blank)) return wrong("has a blank or a control character in it");
  const auto colon = url.find("://");
  if (colon == url.npos || colon == 0) return wrong("has no scheme, as rtsp://");
  const auto b = borders_of(url, colon);
  const auto copy = strict(url, b);
  const auto parsed = urls::parse_uri({copy.data(), copy.size()});
  // Boost.URL 1.81 lets a path without its '/' begin where it can not go on with the port.
  if (!parsed || parsed->encoded_authority().size() != b.rest - b.authority)
    return wrong(what_is_wrong(url.substr(b.host, b.rest - b.host)));
  const auto as_written = [&](auto part) {
    return part.empty() ? std::string_view{}
                        : url.substr(static_cast<std::size_t>(part.data() - copy.data()), part.size());
  };
  url_parts u;
  u.scheme = as_written(parsed->scheme());
  u.user = url.substr(b.authority, b.host - b.authority);
  u.host = as_written(parsed->encoded_host_address());
  u.port = as_written(parsed->port());
  u.rest = url.substr(b.rest);
  u.path = as_written(parsed->encoded_path());
  u.query = as_written(parsed->encoded_query());
  if (parsed->has_port() && !is_port(u.port)) return wrong("has a port that is not in 0..65535");
  if (u.host.empty()) return wrong("names no host");
  return u;
}

std::string encode_blanks(std::string_view url) {
  std::string out;
  out.reserve(url.size());
  for (const char c : url) {
    if (is_blank(c))
      out += percent_encode({&c, 1});
    else
      out += c;
  }
  return out;
}

}  // namespace berth::api
