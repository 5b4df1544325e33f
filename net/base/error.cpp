#include "net/base/error.hpp"

#include <cerrno>
#include <system_error>

namespace berth::net {

std::string_view to_string(errc code) noexcept {
  switch (code) {
    case errc::ok:
      return "ok";
    case errc::pool_exhausted:
      return "pool_exhausted";
    case errc::address_in_use:
      return "address_in_use";
    case errc::access_denied:
      return "access_denied";
    case errc::address_not_local:
      return "address_not_local";
    case errc::no_descriptors:
      return "no_descriptors";
    case errc::bad_address:
      return "bad_address";
    case errc::connection_refused:
      return "connection_refused";
    case errc::unreachable:
      return "unreachable";
    case errc::timed_out:
      return "timed_out";
    case errc::system:
      return "system";
  }
  return {};
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
