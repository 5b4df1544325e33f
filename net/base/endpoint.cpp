#include "net/base/endpoint.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace berth::net {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

std::optional<endpoint> endpoint::parse(std::string_view address, std::uint16_t port) {
  const std::string text{address};
  endpoint e;
  e.port_ = port;
  e.set_ = true;
  if (inet_pton(AF_INET6, text.c_str(), e.address_.data()) == 1) return e;
  std::copy(mapped_prefix.begin(), mapped_prefix.end(), e.address_.begin());
  if (inet_pton(AF_INET, text.c_str(), e.address_.data() + mapped_prefix.size()) == 1) return e;
  return std::nullopt;
}

endpoint endpoint::from_sockaddr(const sockaddr_storage& address) noexcept {
  endpoint e;
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    std::copy(mapped_prefix.begin(), mapped_prefix.end(), e.address_.begin());
    std::memcpy(e.address_.data() + mapped_prefix.size(), &v4.sin_addr, 4);
    e.port_ = ntohs(v4.sin_port);
    e.set_ = true;
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    std::memcpy(e.address_.data(), &v6.sin6_addr, 16);
    e.port_ = ntohs(v6.sin6_port);
    e.set_ = true;
  }
  return e;
}

socklen_t endpoint::to_sockaddr(sockaddr_storage& out, int family) const noexcept {
  std::memset(&out, 0, sizeof out);
  if (family == AF_INET) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(out);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port_);
    std::memcpy(&v4.sin_addr, address_.data() + mapped_prefix.size(), 4);
    return sizeof v4;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port_);
  std::memcpy(&v6.sin6_addr, address_.data(), 16);
  return sizeof v6;
}

bool endpoint::is_v4() const noexcept {
  return std::equal(mapped_prefix.begin(), mapped_prefix.end(), address_.begin());
}

bool endpoint::is_any() const noexcept {
  const auto first = is_v4() ? address_.begin() + mapped_prefix.size() : address_.begin();
  return std::all_of(first, address_.end(), [](auto b) { return b == 0; });
}

endpoint endpoint::with_port(std::uint16_t port) const noexcept {
  endpoint e = *this;
  e.port_ = port;
  return e;
}

std::string endpoint::address_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (is_v4())
    inet_ntop(AF_INET, address_.data() + mapped_prefix.size(), text, sizeof text);
  else
    inet_ntop(AF_INET6, address_.data(), text, sizeof text);
  return text;
}

std::string endpoint::to_string() const {
  const auto port = std::to_string(port_);
  return is_v4() ? address_string() + ":" + port : "[" + address_string() + "]:" + port;
}

}  // namespace berth::net
