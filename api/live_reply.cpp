#include "api/live_reply.hpp"

#include "api/error_table.hpp"

namespace berth::api {

std::string query_of(const http_request& request) {
  const auto question = request.target.find('?');
  return question == std::string::npos ? std::string{} : request.target.substr(question + 1);
}

http_reply nothing_there(const http_request& request) {
  http_reply r;
  r.status = 404;
  r.content_type = "text/html";
  r.body = request.settings->not_found;
  return r;
}

http_reply refusal_text(unsigned status, std::string_view why) {
  http_reply r;
  r.status = status;
  r.content_type = "text/plain";
  r.body = std::string{why} + "\n";
  return r;
}

http_reply live_refusal(const actors::rejection& why, const http_request& request) {
  if (why.code == actors::errc::not_found) return nothing_there(request);
  return refusal_text(answer_for(why.code).http_status, why.text);
}

}  // namespace berth::api
