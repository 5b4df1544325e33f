// Routes: the contract's 1.2 to 1.7, 1.11, 1.12, and the templates of the /v1 face.
#include "api/http/router.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "tests/support/catch.hpp"

using namespace berth::api;
using boost::asio::awaitable;

namespace {

handler says(std::string text) {
  return [text](const http_request& r) -> awaitable<http_reply> {
    http_reply reply;
    reply.body = text;
    for (const auto& [name, value] : r.segments) reply.body += "|" + name + "=" + value;
    co_return reply;
  };
}

struct table {
  router routes;
  http_request request;

  table() {
    routes.add("/index/api/openRtpServer", says("open"));
    routes.add("/metrics", says("metrics"));
    routes.add("GET", "/v1/streams", says("list"));
    routes.add("GET", "/v1/streams/{stream_id}", says("get"));
    routes.add("PUT", "/v1/streams/{stream_id}", says("put"));
    routes.add("GET", "/v1/streams/{stream_id}/senders/{ssrc}", says("sender"));
    routes.add("GET", "/v1/streams/all", says("fixed"));
  }

  http_reply ask(std::string method, std::string target) {
    request.method = std::move(method);
    request.set_target(std::move(target));
    boost::asio::io_context io;
    http_reply got;
    boost::asio::co_spawn(io, routes.dispatch(request), [&](std::exception_ptr thrown, http_reply r) {
      if (thrown) std::rethrow_exception(thrown);
      got = std::move(r);
    });
    io.run();
    return got;
  }
};

std::string header_of(const http_reply& reply, std::string_view name) {
  std::string all;
  for (const auto& [n, value] : reply.headers)
    if (n == name) all += value;
  return all;
}

}  // namespace

TEST_CASE("router: exact paths, without regard to case, for all four methods") {
  table t;
  for (const auto* method : {"GET", "POST", "PUT", "DELETE"})
    CHECK(t.ask(method, "/index/api/openRtpServer?x=1").body == "open");
  CHECK(t.ask("GET", "/INDEX/api/OPENRTPSERVER").body == "open");
  CHECK(t.ask("GET", "/index/api/openRtp%53erver").body == "open");
  CHECK(t.ask("GET", "/index/api/openRtpServer/").status == 404);
  CHECK(t.ask("GET", "/index/api/openRtpServer%00").status == 404);
  CHECK(t.ask("GET", "/index/api/openRtpServe").status == 404);
  CHECK(t.ask("GET", "/index/api/").status == 404);
}

TEST_CASE("router: an unknown path is 404, a page for GET and nothing for POST") {
  table t;
  const auto get = t.ask("GET", "/nowhere");
  CHECK(get.status == 404);
  CHECK(get.content_type == "text/html");
  CHECK(get.body == t.request.settings->not_found);
  CHECK_FALSE(get.close);
  const auto post = t.ask("POST", "/nowhere");
  CHECK(post.status == 404);
  CHECK(post.body.empty());
  CHECK(post.content_type.empty());
}

TEST_CASE("router: HEAD is 200 and empty, and does not call") {
  table t;
  for (const auto* path : {"/index/api/openRtpServer", "/nowhere", "/"}) {
    const auto reply = t.ask("HEAD", path);
    CHECK(reply.status == 200);
    CHECK(reply.body.empty());
    CHECK(reply.content_type.empty());
    CHECK_FALSE(reply.close);
  }
}

TEST_CASE("router: OPTIONS has the CORS headers of 1.11 and closes") {
  table t;
  auto reply = t.ask("OPTIONS", "/index/api/openRtpServer");
  CHECK(reply.status == 200);
  CHECK(reply.close);
  CHECK(reply.body.empty());
  CHECK(reply.headers ==
        name_values{{"Allow", "GET, POST, PUT, HEAD, OPTIONS, DELETE"},
                    {"Access-Control-Allow-Origin", "*"},
                    {"Access-Control-Allow-Methods", "GET, POST, PUT, HEAD, OPTIONS, DELETE"},
                    {"Access-Control-Allow-Headers", "*"},
                    {"Access-Control-Allow-Credentials", "true"},
                    {"Access-Control-Request-Methods", "GET, POST, PUT, OPTIONS, DELETE"},
                    {"Access-Control-Request-Headers", "Accept,Accept-Language,Content-Language,Content-Type"}});
  http_settings closed;
  closed.allow_cross_domains = false;
  t.request.settings = std::make_shared<const http_settings>(closed);
  reply = t.ask("OPTIONS", "/nowhere");
  CHECK(header_of(reply, "Allow") == "GET, POST, PUT, HEAD, OPTIONS, DELETE");
  CHECK(header_of(reply, "Access-Control-Allow-Credentials") == "true");
  CHECK(header_of(reply, "Access-Control-Allow-Origin").empty());
  CHECK(header_of(reply, "Access-Control-Allow-Methods").empty());
  CHECK(header_of(reply, "Access-Control-Allow-Headers").empty());
}

TEST_CASE("router: any other method is 405 and closes") {
  table t;
  for (const auto* method : {"PATCH", "TRACE", "FOO", "get"}) {
    const auto reply = t.ask(method, "/index/api/openRtpServer");
    CHECK(reply.status == 405);
    CHECK(reply.close);
  }
}

TEST_CASE("router: segments of a template are decoded, an encoded slash stays in its segment") {
  table t;
  CHECK(t.ask("GET", "/v1/streams").body == "list");
  CHECK(t.ask("GET", "/v1/streams/a%2Fb%20%E4%B8%AD?x=/y").body == "get|stream_id=a/b \xe4\xb8\xad");
  CHECK(t.ask("PUT", "/v1/streams/a").body == "put|stream_id=a");
  CHECK(t.ask("GET", "/v1/streams/a/senders/7").body == "sender|stream_id=a|ssrc=7");
  CHECK(t.ask("GET", "/v1/streams/all").body == "fixed");
  CHECK(t.request.segments.empty());
}

TEST_CASE("router: /v1 tells the wrong method (405, Allow) from the wrong path (404)") {
  table t;
  auto reply = t.ask("DELETE", "/v1/streams/a");
  CHECK(reply.status == 405);
  CHECK(header_of(reply, "Allow") == "OPTIONS, GET, HEAD, PUT");
  CHECK(reply.content_type == "application/problem+json");
  for (const auto* path : {"/v1/streams/", "/v1/streams/a/b", "/v1/nothing", "/v1/streams/a/senders/", "/v1/Streams"}) {
    INFO(path);
    reply = t.ask("GET", path);
    CHECK(reply.status == 404);
    CHECK(reply.content_type == "application/problem+json");
  }
}

TEST_CASE("router: HEAD of a template is its GET, OPTIONS names what is possible") {
  table t;
  CHECK(t.ask("HEAD", "/v1/streams/a").body == "get|stream_id=a");
  const auto reply = t.ask("OPTIONS", "/v1/streams/a");
  CHECK(header_of(reply, "Access-Control-Allow-Methods") == "OPTIONS, GET, HEAD, PUT");
  CHECK(header_of(reply, "Access-Control-Allow-Headers") == "*, Authorization");
}

TEST_CASE("router: paths() lists what is exact, as it was spelled") {
  table t;
  CHECK(t.routes.paths() == std::vector<std::string>{"/index/api/openRtpServer", "/metrics"});
}
