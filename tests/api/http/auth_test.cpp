// The contract's section 4, and the bearer of the /v1 face.
#include "api/http/auth.hpp"

#include "tests/support/catch.hpp"

using namespace berth::api;
using berth::net::endpoint;

namespace {

http_settings guarded() {
  http_settings s;
  s.secret = "s3cret";
  s.allowed = *ip_ranges::parse("127.0.0.1,10.0.0.0/8");
  return s;
}

http_request from(std::string_view address, std::string target, http_settings settings = guarded()) {
  http_request r;
  r.method = "GET";
  r.set_target(std::move(target));
  r.peer = *endpoint::parse(address, 4000);
  r.settings = std::make_shared<const http_settings>(std::move(settings));
  return r;
}

std::string refused(const http_request& r) {
  const auto reply = refuse_zlm(r, arguments{r});
  if (!reply) return "";
  CHECK(reply->status == 200);
  CHECK(reply->code == -100);
  CHECK_FALSE(reply->close);
  return reply->body;
}

}  // namespace

TEST_CASE("same_secret: equal texts only, and an empty secret is nobody's") {
  CHECK(same_secret("abc", "abc"));
  CHECK_FALSE(same_secret("abd", "abc"));
  CHECK_FALSE(same_secret("ab", "abc"));
  CHECK_FALSE(same_secret("abcd", "abc"));
  CHECK_FALSE(same_secret("", ""));
}

TEST_CASE("refuse_zlm: the secret in query, form, JSON and header") {
  CHECK(refused(from("127.0.0.1", "/x?secret=s3cret")).empty());
  CHECK(refused(from("127.0.0.1", "/x?SECRET=s3cret")).empty());
  auto r = from("127.0.0.1", "/x");
  r.headers = {{"secret", "s3cret"}};
  CHECK(refused(r).empty());
  r.headers = {{"Content-Type", "application/json"}};
  r.body = R"({"secret":"s3cret"})";
  CHECK(refused(r).empty());
  r.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  r.body = "secret=s3cret";
  CHECK(refused(r).empty());
}

TEST_CASE("refuse_zlm: -100 begins as the peer's and tells missing from wrong, loopback is no exception") {
  CHECK(refused(from("127.0.0.1", "/x")) == R"({"code":-100,"msg":"Please login first: no secret was given"})");
  CHECK(refused(from("127.0.0.1", "/x?secret=")) == R"({"code":-100,"msg":"Please login first: no secret was given"})");
  CHECK(refused(from("127.0.0.1", "/x?secret=no")) ==
        R"({"code":-100,"msg":"Please login first: the secret is wrong"})");
  auto open = guarded();
  open.secret.clear();
  CHECK_FALSE(refused(from("127.0.0.1", "/x?secret=x", open)).empty());
}

TEST_CASE("refuse_zlm: the address comes before the secret") {
  CHECK(refused(from("192.0.2.1", "/x?secret=s3cret")) ==
        R"({"code":-100,"msg":"Your ip is not allowed to access the service."})");
  CHECK(refused(from("::ffff:10.1.1.1", "/x?secret=s3cret")).empty());
  auto all = guarded();
  all.allowed = {};
  CHECK(refused(from("192.0.2.1", "/x?secret=s3cret", all)).empty());
}

TEST_CASE("client_address: the configured header, its last element, else the TCP peer") {
  auto s = guarded();
  s.forwarded_ip_header = "X-Forwarded-For";
  auto r = from("127.0.0.1", "/x", s);
  CHECK(client_address(r).address_string() == "127.0.0.1");
  r.headers = {{"x-forwarded-for", "10.0.0.1, 192.0.2.9 "}};
  CHECK(client_address(r).address_string() == "192.0.2.9");
  CHECK_FALSE(address_allowed(r));
  r.headers = {{"x-forwarded-for", "192.0.2.9, 10.0.0.1"}};
  CHECK(address_allowed(r));
  r.headers = {{"x-forwarded-for", "unknown"}};
  CHECK_FALSE(address_allowed(r));
}

TEST_CASE("refuse_bearer: 401 with a challenge (RFC 6750 3), 403 for the address") {
  auto r = from("127.0.0.1", "/v1/streams?secret=s3cret");
  auto reply = refuse_bearer(r);
  REQUIRE(reply);
  CHECK(reply->status == 401);
  CHECK(reply->content_type == "application/problem+json");
  CHECK(reply->headers == name_values{{"WWW-Authenticate", "Bearer realm=\"berth\""}});

  r.headers = {{"Authorization", "Bearer wrong"}};
  reply = refuse_bearer(r);
  REQUIRE(reply);
  CHECK(reply->status == 401);
  CHECK(reply->headers == name_values{{"WWW-Authenticate", "Bearer realm=\"berth\", error=\"invalid_token\""}});

  for (const auto* good : {"Bearer s3cret", "bearer  s3cret "}) {
    r.headers = {{"authorization", good}};
    CHECK_FALSE(refuse_bearer(r));
  }
  r.headers = {{"authorization", "Basic s3cret"}};
  CHECK(refuse_bearer(r));
  r.headers = {{"authorization", "Bearer s3cret"}};
  r.peer = *endpoint::parse("192.0.2.1", 1);
  REQUIRE(refuse_bearer(r));
  CHECK(refuse_bearer(r)->status == 403);
}
