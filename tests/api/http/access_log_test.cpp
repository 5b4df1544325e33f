// The debug line of a logged_call: everything but the secret.
#include "api/http/access_log.hpp"

#include "api/http/json.hpp"
#include "tests/support/catch.hpp"

using namespace berth::api;

namespace {

http_request logged_call(std::string target) {
  http_settings s;
  s.secret = "s3cret/x";
  http_request r;
  r.method = "POST";
  r.set_target(std::move(target));
  r.peer = *berth::net::endpoint::parse("192.0.2.7", 40102);
  r.settings = std::make_shared<const http_settings>(s);
  return r;
}

std::string line(const http_request& r) {
  auto reply = zlm_error(-300, "x");
  reply.admitted = true;
  return access_line({r, reply, std::chrono::microseconds{412}});
}
bool leaks(const std::string& text) { return text.find("s3cret") != std::string::npos; }

}  // namespace

TEST_CASE("access_line: method, path, arguments, status, code and time") {
  CHECK(line(logged_call("/index/api/openRtpServer?port=0&stream_id=cam%201&secret=s3cret%2Fx")) ==
        "192.0.2.7:40102 POST /index/api/openRtpServer port=0 stream_id=cam 1 secret=*** -> 200 code -300, 412 us");
}

TEST_CASE("access_line: the secret is in no way of giving it") {
  auto r = logged_call("/x");
  r.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
               {"secret", "s3cret/x"},
               {"Authorization", "Bearer s3cret/x"}};
  r.body = "Secret=s3cret%2Fx&api.secret=other";
  CHECK_FALSE(leaks(line(r)));
  CHECK(line(r).find("other") == std::string::npos);
  r.headers[0].second = "application/json";
  r.body = R"({"secret":"s3cret\/x","url":"http://h/?secret=s3cret2&a=1"})";
  CHECK_FALSE(leaks(line(r)));
  CHECK(line(r).find("url=http://h/?secret=***&a=1") != std::string::npos);
  r.body = R"({"secret":"s3cret/x")";
  CHECK_FALSE(leaks(line(r)));
  CHECK_FALSE(leaks(line(logged_call("/x/s3cret%2Fx?s3cret%2Fx=1&id=as3cret%2Fxb"))));
}

TEST_CASE("access_line: no password of a URL, and nothing of what is given as a name and is none") {
  const auto url =
      line(logged_call("/x?url=rtsp%3A%2F%2Fuser%3Ap%40ss%3Aw%40192.0.2.1%3A554%2Fa%40b&next=http://h/p:1@2"));
  CHECK(url.find("url=rtsp://user:***@192.0.2.1:554/a@b") != std::string::npos);
  CHECK(url.find("next=http://h/p:1@2") != std::string::npos);
  auto r = logged_call("/x");
  r.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  for (const auto* body : {R"({"secret":"another"})", "s%65cret=another", "a b=another"}) {
    r.body = body;
    INFO(body);
    CHECK(line(r).find("another") == std::string::npos);
    CHECK(line(r).find(" bytes)=***") != std::string::npos);
  }
}

TEST_CASE("access_line: one line, whatever the bytes, and not a long one") {
  const auto text = line(logged_call("/x%0d%0a?id=a%00%1b[31m"));
  CHECK(text.find("/x\\x0d\\x0a") != std::string::npos);
  CHECK(text.find("id=a\\x00\\x1b[31m") != std::string::npos);
  CHECK(text.find_first_of("\r\n\x1b") == std::string::npos);
  CHECK(line(logged_call("/x?a=" + std::string(5000, 'z'))).size() < 600);
  std::string many = "/x?";
  for (int i = 0; i < 2000; ++i) many += "name" + std::to_string(i) + "=v&";
  CHECK(line(logged_call(many)).size() < 5000);
}
