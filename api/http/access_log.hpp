// One line a call, for the operator who has api.apiDebug on. The secret never gets into it.
#pragma once

#include <chrono>
#include <string>

#include "api/http/http_reply.hpp"
#include "api/http/http_request.hpp"

namespace berth::api {

/// E.g. `192.0.2.7:40102 POST /index/api/openRtpServer port=0 stream_id=cam1 secret=*** -> 200 code 0, 412 us`.
/// Arguments of query and body; values of names that tell a secret, and the secret wherever it stands, are shown as
/// ***. Bytes that are not printable are escaped, so that a line stays one line.
std::string access_line(const http_request& request, const http_reply& reply, std::chrono::microseconds took);

}  // namespace berth::api
