#include "net/base/error.hpp"

#include <array>
#include <cerrno>
#include <system_error>

namespace berth::net {

std::string_view to_string(errc code) noexcept {
  constexpr std::array<std::string_view, errc_count> names{"ok",
                                                           "pool_exhausted",
                                                           "address_in_use",
                                                           "access_denied",
                                                           "address_not_local",
                                                           "no_descriptors",
                                                           "bad_address",
                                                           "connection_refused",
                                                           "unreachable",
                                                           "timed_out",
                                                           "system"};
  return names[static_cast<std::size_t>(code)];
}

error system_error(int saved_errno, std::string_view what) {
  errc code = errc::system;
  switch (saved_errno) {
    case EADDRINUSE:
      code = errc::address_in_use;
      break;
    case EACCES:
    case EPERM:
      code = errc::access_denied;
      break;
    case EADDRNOTAVAIL:
      code = errc::address_not_local;
      break;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      code = errc::no_descriptors;
      break;
    case ECONNREFUSED:
      code = errc::connection_refused;
      break;
    case ENETUNREACH:
    case EHOSTUNREACH:
      code = errc::unreachable;
      break;
    case ETIMEDOUT:
      code = errc::timed_out;
      break;
    default:
      break;
  }
  return {code, std::string{what} + ": " + std::generic_category().message(saved_errno)};
}

}  // namespace berth::net
