// How either face says what went wrong before its code ran.
#include "api/http/http_fault.hpp"

#include "tests/support/catch.hpp"

using namespace berth::api;

namespace {

http_reply reply_to(std::string target, http_fault fault) {
  http_request r;
  r.set_target(std::move(target));
  return default_fault_reply(r, fault, "why");
}

}  // namespace

TEST_CASE("default_fault_reply: the peer's face answers its calls with HTTP 200 and a code") {
  CHECK(reply_to("/index/api/x", http_fault::body_too_large).body == R"({"code":-300,"msg":"why"})");
  CHECK(reply_to("/index/api/x", http_fault::body_too_large).status == 200);
  CHECK(reply_to("/index/api/x", http_fault::internal).body == R"({"code":-400,"msg":"why"})");
  CHECK(reply_to("/index/api/x", http_fault::stuck).body == R"({"code":-400,"msg":"why"})");
}

TEST_CASE("default_fault_reply: what is no call has the status of HTTP") {
  CHECK(reply_to("", http_fault::malformed).status == 400);
  CHECK(reply_to("", http_fault::header_too_large).status == 431);
  CHECK(reply_to("", http_fault::timed_out).status == 408);
  CHECK(reply_to("", http_fault::overloaded).status == 503);
  CHECK(reply_to("", http_fault::overloaded).body == "why\n");
  CHECK(reply_to("", http_fault::stuck).status == 503);
}

TEST_CASE("default_fault_reply: /v1 gives problem details") {
  const auto reply = reply_to("/v1/streams/a%2Fb?x", http_fault::body_too_large);
  CHECK(reply.status == 413);
  CHECK(
      reply.body ==
      R"({"type":"about:blank","title":"Content Too Large","status":413,"detail":"why","instance":"/v1/streams/a%2Fb"})");
  CHECK(reply_to("/v1/streams", http_fault::internal).status == 500);
}
