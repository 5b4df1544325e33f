// The one table that maps what the core refuses to what each face of the API answers.
#pragma once

#include "actors/contract/rejection.hpp"
#include "api/http/http_reply.hpp"

namespace berth::api {

struct error_answer {
  int zlm_code;          ///< `code` of /index/api/
  unsigned http_status;  ///< of /v1/
};
error_answer answer_for(actors::errc code) noexcept;

/// The reply of /index/api/; a live stream that stands in the way comes along as extra fields. `text` replaces the
/// rejection's own where clients of ZLMediaKit look for certain words; the rejection's goes behind it.
http_reply zlm_rejection(const actors::rejection& why, std::string_view text = {});
/// The reply of /v1/.
http_reply problem_rejection(const actors::rejection& why, std::string_view instance);

}  // namespace berth::api
