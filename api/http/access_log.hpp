// One line a call, for the operator who has api.apiDebug on. The secret never gets into it.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "api/http/http_reply.hpp"
#include "api/http/http_request.hpp"

namespace berth::api {

/// What the line of a call needs, for whoever finds its words later: a value of bounded size, whatever was sent.
class answered_call {
 public:
  answered_call(http_request request, const http_reply& reply, std::chrono::microseconds took);

  /// Bytes, about.
  std::size_t size() const noexcept { return size_; }

 private:
  friend std::string access_line(const answered_call& call);

  http_request request_;  // what stands in the line of it
  bool cut_ = false;      // there was more
  bool refused_ = true;   // a stranger's
  unsigned status_ = 0;
  std::optional<int> code_;
  std::chrono::microseconds took_{};
  std::size_t size_ = 0;
};

/// E.g. `192.0.2.7:40102 POST /index/api/openRtpServer port=0 stream_id=cam1 secret=*** -> 200 code 0, 412 us`.
/// Arguments of query and body; values of names that tell a secret, and the secret wherever it stands, are shown as
/// ***. Bytes that are not printable are escaped, so that a line stays one line; what is too much for one is left out,
/// and " ..." says so: of a refused call that is nearly all.
std::string access_line(const answered_call& call);

}  // namespace berth::api
