#include "net/source/media_source.hpp"

namespace berth::net {

std::string without_password(const std::string& url) {
  const auto scheme = url.find("://");
  if (scheme == url.npos) return url;
  const auto begin = scheme + 3;
  const auto at = url.rfind('@', url.find_first_of("/?#", begin));
  const auto colon = url.find(':', begin);
  if (at == url.npos || at < begin || colon == url.npos || colon > at) return url;
  return url.substr(0, colon + 1) + "***" + url.substr(at);
}

}  // namespace berth::net
