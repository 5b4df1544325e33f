#include "api/core/error_table.hpp"

#include "api/core/status_json.hpp"
#include "api/http/json.hpp"

namespace berth::api {

error_answer answer_for(actors::errc code) noexcept {
  using actors::errc;
  switch (code) {
    case errc::ok:
      return {0, 200};
    case errc::stream_live:
    case errc::shared_port:
      return {-300, 409};
    case errc::not_found:
    case errc::schema_off:
      return {-500, 404};
    case errc::ambiguous:
    case errc::not_published:
      return {-500, 409};
    case errc::generation_differs:
      return {-300, 412};
    case errc::not_tcp_active:
    case errc::stream_ended:
    case errc::not_sendable:
    case errc::not_seekable:
      return {-1, 409};
    case errc::no_port:
    case errc::too_many_streams:
    case errc::shutting_down:
    case errc::no_answer:
      return {-400, 503};
    case errc::bad_address:
      return {-400, 400};
    case errc::connect_failed:
      return {-1, 502};
    case errc::play_refused:
      return {-1, 401};
    case errc::publish_refused:
      return {-1, 403};
    case errc::no_sender:
      return {-1, 404};
    case errc::internal:
      return {-400, 500};
  }
  return {-400, 500};
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
