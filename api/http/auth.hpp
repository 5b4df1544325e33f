// Who is let in: by address, then by secret.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "api/http/arguments.hpp"
#include "api/http/http_reply.hpp"
#include "net/base/endpoint.hpp"

namespace berth::api {

/// Compares in a time that does not tell how much of it was right. An empty `expected` equals nothing.
bool same_secret(std::string_view given, std::string_view expected) noexcept;

/// The TCP peer, or what the configured header says: its last element, the one that our own proxy has written. Not set
/// when that header holds no address.
net::endpoint client_address(const http_request& request);
bool address_allowed(const http_request& request);

/// ZLMediaKit's face: the -100 reply, or nothing when the caller may go on. Tested before any argument.
std::optional<http_reply> refuse_zlm(const http_request& request, const arguments& args);
/// The reply to a caller whom refuse_zlm() or refuse_bearer() let go on.
inline http_reply admitted(http_reply reply) {
  reply.admitted = true;
  return reply;
}
/// The address alone, for the calls that need no secret.
std::optional<http_reply> refuse_address(const http_request& request);
/// The /v1 face: 403 for the address, 401 without the right `Authorization: Bearer SECRET`.
std::optional<http_reply> refuse_bearer(const http_request& request);

}  // namespace berth::api
