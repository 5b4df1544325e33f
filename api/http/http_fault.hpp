// What goes wrong before, or instead of, a handler's answer, and how either face says it.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "api/http/http_reply.hpp"

namespace berth::api {

enum class http_fault : std::uint8_t {
  malformed,         ///< not HTTP
  header_too_large,  ///< request line and header fields exceed max_header
  body_too_large,    ///< exceeds max_body
  timed_out,         ///< the request began, but did not end within keep_alive
  overloaded,        ///< one connection too many
  internal,          ///< the handler threw
  stuck,             ///< the thread that would answer does not go on
};

/// The reply of a face to a fault. The request holds what was read of it, perhaps nothing; `detail` is a sentence.
using fault_reply = std::function<http_reply(const http_request&, http_fault, std::string_view detail)>;

/// /v1: application/problem+json with the status. Elsewhere: -300 for a large body and -400 for what is no fault of the
/// client's, with HTTP 200 as that face always has; for what is no call at all, or was not read, the status and the
/// sentence as plain text.
http_reply default_fault_reply(const http_request& request, http_fault fault, std::string_view detail);

}  // namespace berth::api
