// One connection, byte by byte: framing, order, limits, and every place where it may break.
#include "api/http/http_session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <stdexcept>
#include <vector>

#include "api/http/access_log.hpp"
#include "api/http/json.hpp"
#include "tests/api/http/scripted_stream.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/contains.hpp"

using namespace berth::api;
using berth::tests::contains;
using namespace std::string_literals;
using berth::api::test::scripted_stream;
using boost::asio::awaitable;

namespace {

struct session_bench {
  http_settings_holder settings;
  boost::asio::io_context io;
  std::shared_ptr<scripted_stream> stream = std::make_shared<scripted_stream>(io.get_executor());
  std::vector<std::string> seen;  // "METHOD path body" of each request that reached the handler
  std::vector<std::string> logged;
  std::vector<std::string> access;
  std::exception_ptr thrown;
  std::shared_ptr<http_session> session;

  awaitable<http_reply> answer(http_request& r) {
    seen.push_back(r.method + " " + r.path + " " + r.body);
    if (r.path == "/throws") throw std::runtime_error("out of luck");
    if (r.path == "/throws7") throw 7;
    http_reply reply;
    reply.body = std::to_string(seen.size());
    if (r.path == "/stop") session->stop();
    if (r.path == "/stream")
      reply.stream = [](event_writer& w) -> awaitable<void> {
        co_await w.write("one");
        co_await w.write("");
        const std::string_view parts[] = {"two", "", "three"};
        co_await w.write(parts);
      };
    if (r.path == "/stream-throws")
      reply.stream = [](event_writer& w) -> awaitable<void> {
        co_await w.write("one");
        throw std::runtime_error("half way");
      };
    co_return reply;
  }

  http_service service{settings,
                       [this](http_request& r) { return answer(r); },
                       default_fault_reply,
                       [this](std::string_view line) { logged.emplace_back(line); },
                       [this](http_request&& r, const http_reply& reply, std::chrono::microseconds took) {
                         access.push_back(access_line({std::move(r), reply, took}));
                       },
                       [] { return berth::net::wall_time{}; }};

  std::string run(std::deque<std::string> input) {
    stream->input = std::move(input);
    session = std::make_shared<http_session>(stream, berth::net::endpoint{}, berth::net::endpoint{}, service);
    boost::asio::co_spawn(io, session->run(), [this](std::exception_ptr e) { thrown = e; });
    io.run();
    CHECK_FALSE(thrown);
    CHECK(stream->closed);
    return stream->output;
  }
};

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t n = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

std::string status_of(std::string_view reply) { return std::string{reply.substr(9, 3)}; }

}  // namespace

TEST_CASE("http_session: a request in one piece, and byte by byte") {
  const auto text = "POST /a?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"s;
  session_bench whole;
  const auto expected = whole.run({text});
  CHECK(whole.seen == std::vector<std::string>{"POST /a hello"});
  CHECK(status_of(expected) == "200");
  session_bench pieces;
  std::deque<std::string> bytes;
  for (const char c : text) bytes.emplace_back(1, c);
  CHECK(pieces.run(bytes) == expected);
}

TEST_CASE("http_session: 64 requests in one go are answered in order") {
  std::string all;
  std::vector<std::string> expected;
  for (int i = 0; i < 64; ++i) {
    const auto n = std::to_string(i);
    all += "POST /" + n + " HTTP/1.1\r\nContent-Length: " + std::to_string(n.size()) + "\r\n\r\n" + n;
    expected.push_back("POST /" + n + " " + n);
  }
  session_bench b;
  const auto output = b.run({all});
  CHECK(b.seen == expected);
  CHECK(count(output, "HTTP/1.1 200 OK") == 64);
  std::size_t at = 0;
  for (int i = 1; i <= 64; ++i) {
    at = output.find("\r\n\r\n" + std::to_string(i), at);
    REQUIRE(at != std::string::npos);
  }
}

TEST_CASE("http_session: keep-alive of HTTP/1.1 and of HTTP/1.0, until one side says close") {
  session_bench b;
  const auto output =
      b.run({"GET /1 HTTP/1.1\r\n\r\n", "GET /2 HTTP/1.0\r\n\r\n",
             "\r\n\r\nGET /3 HTTP/1.1\r\nConnection: Keep-Alive, CLOSE\r\n\r\n", "GET /4 HTTP/1.1\r\n\r\n"});
  CHECK(b.seen.size() == 3);
  CHECK(count(output, "Connection: keep-alive\r\nKeep-Alive: timeout=30, max=100\r\n") == 2);
  CHECK(count(output, "Connection: close\r\n") == 1);
  CHECK(b.stream->send_ended);
}

TEST_CASE("http_session: a POST without Content-Length has an empty body") {
  session_bench b;
  const auto output = b.run({"POST /a HTTP/1.1\r\nContent-Type: application/json\r\n\r\n", "GET /b HTTP/1.1\r\n\r\n"});
  CHECK(b.seen == std::vector<std::string>{"POST /a ", "GET /b "});
}

TEST_CASE("http_session: a chunked body is put together, its trailer is no header") {
  session_bench b;
  b.run({"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
         "2;x=y\r\nde\r\n0\r\nsecret: x\r\n\r\nGET /b HTTP/1.1\r\n\r\n"});
  CHECK(b.seen == std::vector<std::string>{"POST /a abcde", "GET /b "});
}

TEST_CASE("http_session: HEAD has the length of the body and no body") {
  session_bench b;
  const auto output = b.run({"HEAD /a HTTP/1.1\r\n\r\nHEAD /stream HTTP/1.1\r\nConnection: close\r\n\r\n"});
  CHECK(contains(output, "Content-Length: 1\r\n"));
  CHECK(b.seen.size() == 2);
  CHECK(output.ends_with("\r\n\r\n"));
  CHECK_FALSE(contains(output, "two"));
}

TEST_CASE("http_session: Expect: 100-continue is answered when the body is awaited, and only then") {
  const auto head = "POST /a HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n"s;
  session_bench waits;
  const auto output = waits.run({head, "ab"});
  CHECK(output.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
  CHECK(count(output, "100 Continue") == 1);
  session_bench at_once;
  CHECK(at_once.run({head + "ab"}).starts_with("HTTP/1.1 200 OK\r\n"));
  session_bench too_large;
  const auto refused = too_large.run({"POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 40961\r\n\r\n"});
  CHECK_FALSE(contains(refused, "100 Continue"));
  CHECK(contains(refused, "\"code\":-300"));
}

TEST_CASE("http_session: a body above max_body gets -300, what is sent of it is read, then the connection ends") {
  session_bench b;
  const auto output = b.run({"POST /index/api/x HTTP/1.1\r\nContent-Length: 40961\r\n\r\n" + std::string(3000, 'x'),
                             std::string(37961, 'x')});
  CHECK(b.seen.empty());
  CHECK(status_of(output) == "200");
  CHECK(contains(output, "Connection: close\r\n"));
  CHECK(output.ends_with(R"({"code":-300,"msg":"the body is too large: 40961 bytes, 40960 are allowed"})"));
  CHECK(b.stream->send_ended);
  CHECK(b.stream->input.empty());
}

TEST_CASE("http_session: max_body itself is allowed, in one length or in chunks") {
  session_bench exact;
  exact.run({"POST /a HTTP/1.1\r\nContent-Length: 40960\r\n\r\n" + std::string(40960, 'x')});
  REQUIRE(exact.seen.size() == 1);
  CHECK(exact.seen[0].size() == 8 + 40960);
  const auto chunk = "1000\r\n" + std::string(4096, 'y') + "\r\n";
  std::deque<std::string> chunks{"POST /v1/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"};
  for (int i = 0; i < 10; ++i) chunks.push_back(chunk);
  session_bench ten;
  auto fits = chunks;
  fits.push_back("0\r\n\r\n");
  ten.run(fits);
  REQUIRE(ten.seen.size() == 1);
  session_bench eleven;
  chunks.push_back("1\r\nz\r\n0\r\n\r\n");
  CHECK(status_of(eleven.run(chunks)) == "413");
  CHECK(eleven.seen.empty());
}

TEST_CASE("http_session: what is not HTTP gets 400 and the end") {
  for (const auto* bad :
       {"hello\r\n\r\n", "GET  HTTP/1.1\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n"}) {
    INFO(bad);
    session_bench b;
    const auto output = b.run({bad, "GET /after HTTP/1.1\r\n\r\n"});
    CHECK(status_of(output) == "400");
    CHECK(contains(output, "Connection: close\r\n"));
    CHECK(count(output, "HTTP/1.1 ") >= 1);
    CHECK(b.seen.empty());
  }
}

TEST_CASE("http_session: a target or header above max_header gets 431") {
  session_bench target;
  CHECK(status_of(target.run({"GET /" + std::string(100 * 1024, 'a') + " HTTP/1.1\r\n\r\n"})) == "431");
  session_bench endless;
  CHECK(status_of(endless.run({"GET / HTTP/1.1\r\n" + std::string(100 * 1024, 'a')})) == "431");
  session_bench chunk;
  CHECK(status_of(chunk.run(
            {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(100 * 1024, 'a')})) == "431");
  session_bench trailer;
  CHECK(status_of(trailer.run({"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\na: " +
                               std::string(100 * 1024, 'a')})) == "431");
  session_bench fits;
  CHECK(status_of(fits.run({"GET /" + std::string(60 * 1024, 'a') + " HTTP/1.1\r\n\r\n"})) == "200");
}

TEST_CASE("http_session: non-ASCII bytes and an encoded NUL in the target reach the handler") {
  session_bench b;
  b.run({"GET /\xe4\xb8\xad%E6%96%87 HTTP/1.1\r\n\r\nGET /a%00b HTTP/1.1\r\n\r\n"});
  CHECK(b.seen == std::vector<std::string>{"GET /\xe4\xb8\xad\xe6\x96\x87 ", "GET /a\0b "s});
}

TEST_CASE("http_session: a handler that throws costs one reply, not the connection") {
  session_bench b;
  const auto output =
      b.run({"GET /throws HTTP/1.1\r\n\r\n", "GET /throws7 HTTP/1.1\r\n\r\n", "GET /a HTTP/1.1\r\n\r\n"});
  CHECK(b.seen.size() == 3);
  CHECK(contains(output, R"({"code":-400,"msg":"out of luck"})"));
  CHECK(contains(output, R"({"code":-400,"msg":"an exception of an unknown type"})"));
  CHECK(b.logged == std::vector<std::string>{"the handler of GET /throws threw: out of luck",
                                             "the handler of GET /throws7 threw: an exception of an unknown type"});
}

TEST_CASE("http_session: a streamed reply is chunked and ended by an empty chunk, HTTP/1.0 has none") {
  session_bench b;
  b.stream->then = scripted_stream::at_end::wait;
  const auto output = b.run({"GET /stream HTTP/1.1\r\n\r\n"});
  CHECK(contains(output, "Transfer-Encoding: chunked\r\n"));
  CHECK(contains(output, "Connection: close\r\n"));
  CHECK(output.ends_with("\r\n\r\n3\r\none\r\n8\r\ntwothree\r\n0\r\n\r\n"));
  session_bench old;
  old.stream->then = scripted_stream::at_end::wait;
  const auto plain = old.run({"GET /stream HTTP/1.0\r\n\r\n"});
  CHECK_FALSE(contains(plain, "chunked"));
  CHECK(plain.ends_with("\r\n\r\nonetwothree"));
}

TEST_CASE("http_session: a client that is gone before the first chunk is sent nothing") {
  session_bench b;
  const auto output = b.run({"GET /stream HTTP/1.1\r\n\r\n"});
  CHECK(contains(output, "Transfer-Encoding: chunked\r\n"));
  CHECK(output.ends_with("\r\n\r\n"));
}

TEST_CASE("http_session: a stream that throws is not ended properly") {
  session_bench b;
  b.stream->then = scripted_stream::at_end::wait;
  const auto output = b.run({"GET /stream-throws HTTP/1.1\r\n\r\n"});
  CHECK(output.ends_with("3\r\none\r\n"));
  CHECK(b.logged == std::vector<std::string>{"the stream of GET /stream-throws threw: half way"});
}

TEST_CASE("http_session: silence within a request gets 408, silence between requests nothing") {
  session_bench begun;
  begun.stream->then = scripted_stream::at_end::time_out;
  CHECK(status_of(begun.run({"GET / HT"})) == "408");
  session_bench body;
  body.stream->then = scripted_stream::at_end::time_out;
  CHECK(status_of(body.run({"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab"})) == "408");
  session_bench idle;
  idle.stream->then = scripted_stream::at_end::time_out;
  CHECK(idle.run({"\r\n"}).empty());
}

TEST_CASE("http_session: a client that goes away in the middle of a request is not answered") {
  session_bench b;
  CHECK(b.run({"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab"}).empty());
  CHECK(b.seen.empty());
}

TEST_CASE("http_session: told to stop, it finishes the running request and no other") {
  session_bench b;
  const auto output = b.run({"GET /stop HTTP/1.1\r\n\r\nGET /a HTTP/1.1\r\n\r\n"});
  CHECK(b.seen.size() == 1);
  CHECK(contains(output, "Connection: close\r\n"));
}

TEST_CASE("http_session: told to stop while idle, it ends at once") {
  session_bench b;
  b.stream->then = scripted_stream::at_end::wait;
  boost::asio::post(b.io, [&] { b.session->stop(); });
  CHECK(b.run({}).empty());
}

TEST_CASE("http_session: one connection too many is told so") {
  session_bench b;
  b.session = std::make_shared<http_session>(b.stream, berth::net::endpoint{}, berth::net::endpoint{}, b.service);
  boost::asio::co_spawn(b.io, b.session->turn_away(), boost::asio::detached);
  b.io.run();
  CHECK(status_of(b.stream->output) == "503");
  CHECK(contains(b.stream->output, "there are 10000 connections already"));
  CHECK(b.stream->closed);
}

TEST_CASE("http_session: the debug line is written while it is on, from the next request on") {
  session_bench b;
  b.run({"GET /a?secret=x HTTP/1.1\r\n\r\n"});
  CHECK(b.access.empty());
  http_settings on;
  on.debug_log = true;
  session_bench c;
  c.settings.set(on);
  c.run({"GET /a?secret=x&b=1 HTTP/1.1\r\n\r\n", "POST /big HTTP/1.1\r\nContent-Length: 50000\r\n\r\n"});
  REQUIRE(c.access.size() == 2);
  CHECK(contains(c.access[0], "GET /a secret=*** b=1 -> 200"));
  CHECK(contains(c.access[1], "POST /big -> 200 code -300"));
}

TEST_CASE("http_session: whichever read or write fails, the session ends in order") {
  const std::deque<std::string> input{"POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
                                      "ab",
                                      "GET /throws HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
                                      "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
                                      "1\r\nx\r\n0\r\n\r\n",
                                      "GET /stream HTTP/1.1\r\n\r\n"};
  session_bench good;
  good.stream->then = scripted_stream::at_end::wait;
  const auto complete = good.run(input);
  CHECK(complete.ends_with("0\r\n\r\n"));
  const auto operations = good.stream->operations;
  REQUIRE(operations > 12);
  for (std::size_t n = 1; n <= operations; ++n) {
    INFO("operation " << n);
    session_bench b;
    b.stream->then = scripted_stream::at_end::wait;
    b.stream->fail_at = n;
    const auto output = b.run(input);
    CHECK(complete.starts_with(output));
    CHECK(b.session.use_count() == 1);  // nothing is left waiting
  }
}
