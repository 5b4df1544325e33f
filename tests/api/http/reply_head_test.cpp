// The contract's table of response headers, and CORS (1.11).
#include "api/http/reply_head.hpp"

#include "tests/support/catch.hpp"

using namespace berth::api;
using namespace std::string_literals;

namespace {

const berth::net::wall_time noon{std::chrono::seconds{1795416875}};

}  // namespace

TEST_CASE("append_http_date: the standard layout of RFC 9110 5.6.7") {
  const auto http_date = [](berth::net::wall_time time) {
    std::string text;
    append_http_date(text, time);
    return text;
  };
  CHECK(http_date(noon) == "Mon, 23 Nov 2026 06:54:35 GMT");
  CHECK(http_date(berth::net::wall_time{}) == "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST_CASE("reply_head: exactly the contract's headers") {
  http_reply reply;
  reply.content_type = "application/json";
  reply.body = "{\"code\":0}";
  CHECK(reply_head(http_request{}, reply, true, false, noon) ==
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 10\r\n"
        "Connection: keep-alive\r\nKeep-Alive: timeout=30, max=100\r\nDate: Mon, 23 Nov 2026 06:54:35 GMT\r\n"
        "Server: Berth\r\n\r\n");
  CHECK(reply_head(http_request{}, reply, false, false, noon) ==
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 10\r\n"
        "Connection: close\r\nDate: Mon, 23 Nov 2026 06:54:35 GMT\r\nServer: Berth\r\n\r\n");
}

TEST_CASE("reply_head: no content type, no header, problem details and event streams have no charset") {
  http_reply reply;
  CHECK(reply_head(http_request{}, reply, true, false, noon).find("Content-Type") == std::string::npos);
  reply.content_type = "application/problem+json";
  CHECK(reply_head(http_request{}, reply, true, false, noon).find("problem+json\r\n") != std::string::npos);
  reply.content_type = "text/event-stream";
  CHECK(reply_head(http_request{}, reply, true, false, noon).find("text/event-stream\r\n") != std::string::npos);
}

TEST_CASE("reply_head: the charset is the configured one") {
  http_settings settings;
  settings.char_set = "gbk";
  http_request request;
  request.settings = std::make_shared<const http_settings>(settings);
  http_reply reply;
  reply.content_type = "text/html";
  CHECK(reply_head(request, reply, true, false, noon).find("Content-Type: text/html; charset=gbk\r\n") !=
        std::string::npos);
}

TEST_CASE("reply_head: CORS only for a request with an Origin, and only while it is on") {
  const auto cors = "Access-Control-Allow-Origin: http://a.example\r\nAccess-Control-Allow-Credentials: true\r\n"s;
  http_request request;
  CHECK(reply_head(request, {}, true, false, noon).find("Access-Control") == std::string::npos);
  request.headers = {{"origin", "http://a.example"}};
  CHECK(reply_head(request, {}, true, false, noon).find(cors) != std::string::npos);
  http_settings settings;
  settings.allow_cross_domains = false;
  request.settings = std::make_shared<const http_settings>(settings);
  CHECK(reply_head(request, {}, true, false, noon).find("Access-Control") == std::string::npos);
}

TEST_CASE("reply_head: a value cannot begin a field of its own") {
  http_reply reply;
  reply.headers = {{"Location", "/a\r\nSet-Cookie: x=1\r\n\r\nbody\0"s}};
  const auto head = reply_head(http_request{}, reply, true, false, noon);
  CHECK(head.find("Location: /aSet-Cookie: x=1body\r\n") != std::string::npos);
  CHECK(head.find("\r\n\r\n") == head.size() - 4);
}

TEST_CASE("reply_head: no length for a streamed body, for 204 and for 304") {
  http_reply reply;
  reply.status = 204;
  CHECK(reply_head(http_request{}, reply, true, false, noon).find("Content-Length") == std::string::npos);
  reply.status = 200;
  reply.stream = [](event_writer&) -> boost::asio::awaitable<void> { co_return; };
  const auto head = reply_head(http_request{}, reply, false, true, noon);
  CHECK(head.find("Content-Length") == std::string::npos);
  CHECK(head.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
}
