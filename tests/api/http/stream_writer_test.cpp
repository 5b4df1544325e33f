// A streamed body chunk by chunk, and a connection that leaves HTTP.
#include "api/http/stream_writer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "api/http/http_session.hpp"
#include "tests/api/http/scripted_stream.hpp"
#include "tests/support/catch.hpp"

using namespace berth::api;
using berth::api::test::scripted_stream;
using boost::asio::awaitable;

namespace {

struct writer_bench {
  boost::asio::io_context io;
  scripted_stream stream{io.get_executor()};

  void run(stream_writer& writer, std::function<awaitable<void>()> body) {
    std::exception_ptr thrown;
    boost::asio::co_spawn(io, writer.watch(), [](std::exception_ptr) {});
    boost::asio::co_spawn(io, std::move(body), [&](std::exception_ptr e) { thrown = e; });
    io.run();
    CHECK_FALSE(thrown);
  }
};

}  // namespace

TEST_CASE("stream_writer: chunks of HTTP/1.1, and the bare bytes for HTTP/1.0", "[stream_writer]") {
  for (const bool chunked : {true, false}) {
    writer_bench b;
    b.stream.then = scripted_stream::at_end::wait;
    stream_writer writer{b.stream, std::chrono::seconds{1}, chunked, 1000, b.io.get_executor()};
    b.run(writer, [&]() -> awaitable<void> {
      const std::string_view parts[] = {"0123456789", "", "abcdef"};
      const bool written = co_await writer.write(parts);
      CHECK(written);
      const std::string_view nothing[] = {""};
      const bool still_open = co_await writer.write(nothing);
      CHECK(still_open);
      CHECK_FALSE(writer.failed());
      b.stream.close();
      co_await writer.watched();
    });
    CHECK(b.stream.output == (chunked ? "10\r\n0123456789abcdef\r\n" : "0123456789abcdef"));
  }
}

TEST_CASE("stream_writer: closes once, whoever closes it, and takes nothing afterwards", "[stream_writer]") {
  SECTION("by its session") {
    writer_bench b;
    stream_writer writer{b.stream, std::chrono::seconds{1}, true, 1000, b.io.get_executor()};
    int closed = 0;
    writer.on_close([&] { ++closed; });
    writer.end();
    writer.end();
    CHECK(closed == 1);
    CHECK_FALSE(writer.failed());
    CHECK_FALSE(writer.is_open());
    writer.on_close([&] { ++closed; });
    CHECK(closed == 2);
  }
  SECTION("by its client, or by a client that sends too much") {
    for (const bool junk : {false, true}) {
      writer_bench b;
      if (junk) {
        b.stream.then = scripted_stream::at_end::wait;
        for (int i = 0; i < 3; ++i) b.stream.input.emplace_back(400, 'x');
      }
      stream_writer writer{b.stream, std::chrono::seconds{1}, true, 1000, b.io.get_executor()};
      int closed = 0;
      writer.on_close([&] { ++closed; });
      b.run(writer, [&]() -> awaitable<void> {
        co_await writer.watched();
        const std::string_view parts[] = {"late"};
        const bool written = co_await writer.write(parts);
        CHECK_FALSE(written);
      });
      CHECK(closed == 1);
      CHECK(writer.failed());
      CHECK(b.stream.output.empty());
    }
  }
  SECTION("by a write that fails") {
    writer_bench b;
    b.stream.then = scripted_stream::at_end::wait;
    b.stream.fail_at = 2;  // the read is the first
    stream_writer writer{b.stream, std::chrono::seconds{1}, true, 1000, b.io.get_executor()};
    b.run(writer, [&]() -> awaitable<void> {
      const std::string_view parts[] = {"lost"};
      const bool written = co_await writer.write(parts);
      CHECK_FALSE(written);
      b.stream.close();
      co_await writer.watched();
    });
    CHECK(writer.failed());
  }
}

TEST_CASE("http_session: a reply that takes the connection, where it can not be given away, and for HEAD",
          "[http_session]") {
  for (const bool head : {false, true}) {
    boost::asio::io_context io;
    const auto stream = std::make_shared<scripted_stream>(io.get_executor());
    stream->input = {(head ? std::string{"HEAD"} : std::string{"GET"}) + " /live HTTP/1.1\r\nHost: h\r\n\r\n"};
    const http_settings_holder settings;
    bool taken = false;
    http_service service{settings,
                         [&](http_request&) -> awaitable<http_reply> {
                           http_reply r;
                           r.content_type = "video/x-flv";
                           r.take = [&](taken_connection) { taken = true; };
                           co_return r;
                         },
                         default_fault_reply,
                         {},
                         {},
                         [] { return berth::net::wall_time{}; }};
    const auto session =
        std::make_shared<http_session>(stream, berth::net::endpoint{}, berth::net::endpoint{}, service);
    boost::asio::co_spawn(io, session->run(), [](std::exception_ptr e) { CHECK_FALSE(e); });
    io.run();
    CHECK_FALSE(taken);
    CHECK(stream->output.substr(9, 3) == (head ? "200" : "501"));
    CHECK((stream->output.find("Content-Length") == std::string::npos) == head);
  }
}
