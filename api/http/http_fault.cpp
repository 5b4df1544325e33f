#include "api/http/http_fault.hpp"

#include "api/http/json.hpp"

namespace berth::api {
namespace {

unsigned status_of(http_fault fault) noexcept {
  switch (fault) {
    case http_fault::malformed:
      return 400;
    case http_fault::header_too_large:
      return 431;
    case http_fault::body_too_large:
      return 413;
    case http_fault::timed_out:
      return 408;
    case http_fault::overloaded:
    case http_fault::stuck:
      return 503;
    case http_fault::internal:
      return 500;
  }
  return 500;
}

}  // namespace

http_reply default_fault_reply(const http_request& request, http_fault fault, std::string_view detail) {
  if (request.path.starts_with("/v1/")) return problem(status_of(fault), detail, request.raw_path());
  if (fault == http_fault::body_too_large) return zlm_error(-300, detail);
  if (fault == http_fault::internal || (fault == http_fault::stuck && !request.path.empty()))
    return zlm_error(-400, detail);
  http_reply reply;
  reply.status = status_of(fault);
  reply.content_type = "text/plain";
  reply.body = std::string{detail} + "\n";
  return reply;
}

}  // namespace berth::api
