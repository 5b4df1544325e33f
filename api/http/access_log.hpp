// One line a call, for the operator who has api.apiDebug on. The secret never gets into it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "api/http/http_request.hpp"

namespace berth::api {

/// A call and what became of it: all that its line needs, when that is written by another thread.
struct answered_call {
  http_request request;
  unsigned status = 0;
  std::optional<int> code;
  std::chrono::microseconds took{};
};

/// E.g. `192.0.2.7:40102 POST /index/api/openRtpServer port=0 stream_id=cam1 secret=*** -> 200 code 0, 412 us`.
/// Arguments of query and body; values of names that tell a secret, and the secret wherever it stands, are shown as
/// ***. Bytes that are not printable are escaped, so that a line stays one line.
std::string access_line(const answered_call& call);

}  // namespace berth::api
