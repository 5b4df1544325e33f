#include "api/core/error_table.hpp"

#include <array>

#include "api/core/status_json.hpp"
#include "api/http/json.hpp"

namespace berth::api {

error_answer answer_for(actors::errc code) noexcept {
  constexpr std::array<error_answer, actors::errc_count> table{{
      {0, 200},     // ok
      {-300, 409},  // stream_live
      {-500, 404},  // not_found
      {-500, 409},  // ambiguous
      {-300, 412},  // generation_differs
      {-1, 409},    // not_tcp_active
      {-300, 409},  // shared_port
      {-500, 409},  // not_published
      {-400, 503},  // no_port
      {-400, 400},  // bad_address
      {-1, 502},    // connect_failed
      {-1, 409},    // stream_ended
      {-400, 503},  // too_many_streams
      {-400, 503},  // shutting_down
      {-1, 401},    // play_refused
      {-1, 403},    // publish_refused
      {-1, 409},    // not_sendable
      {-1, 409},    // not_seekable
      {-1, 404},    // no_sender
      {-500, 404},  // schema_off
      {-400, 500},  // internal
  }};
  return table[static_cast<std::size_t>(code)];
}

http_reply zlm_rejection(const actors::rejection& why, std::string_view text) {
  boost::json::object extras;
  if (why.live) add_state(extras, *why.live);
  const auto message = text.empty() ? why.text : std::string{text} + ": " + why.text;
  return zlm_error(answer_for(why.code).zlm_code, message, std::move(extras));
}

http_reply problem_rejection(const actors::rejection& why, std::string_view instance) {
  boost::json::object extras{{"code", actors::to_string(why.code)}};
  if (why.live) extras["stream"] = stream_json(*why.live);
  return problem(answer_for(why.code).http_status, why.text, instance, std::move(extras));
}

}  // namespace berth::api
