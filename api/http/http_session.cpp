#include "api/http/http_session.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <exception>
#include <iterator>
#include <utility>

#include "api/http/reply_head.hpp"
#include "api/http/stream_writer.hpp"

namespace berth::api {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::awaitable;
using boost::system::error_code;
using request_parser = http::request_parser<http::string_body>;

constexpr std::size_t read_size = 4096;  // small: every idle connection holds one

// What a client still sends after we have said our last word is read and thrown away, so that the kernel does not
// answer it with a reset which would take our last word from the client's hands; within these bounds.
constexpr std::chrono::seconds linger_time{5};
constexpr std::chrono::seconds linger_time_stopping{1};
constexpr std::size_t linger_bytes = 16 * 1024 * 1024;

bool lists_token(std::string_view list, std::string_view token) noexcept {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (equal_ignoring_case(trim(list.substr(0, comma)), token)) return true;
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  }
  return false;
}

/// HTTP/1.0 counts as kept alive too: old clients get what they know from ZLMediaKit.
bool wants_keep_alive(const http_request& request) noexcept {
  for (const auto& [name, value] : request.headers)
    if (equal_ignoring_case(name, "Connection") && lists_token(value, "close")) return false;
  return true;
}

void take_head(http_request& request, const request_parser& parser) {
  const auto& message = parser.get();
  request.method = std::string{message.method_string()};
  request.set_target(std::string{message.target()});
  request.headers.reserve(static_cast<std::size_t>(std::distance(message.begin(), message.end())));
  for (const auto& field : message) request.headers.emplace_back(field.name_string(), field.value());
  request.http_minor = message.version() % 10;
  request.keep_alive = wants_keep_alive(request);
}

/// RFC 9110 6.4.1: what has none.
std::string_view body_for(const http_request& request, const http_reply& reply) noexcept {
  const bool bare = request.method == "HEAD" || reply.status == 204 || reply.status == 304;
  return bare ? std::string_view{} : std::string_view{reply.body};
}

/// RFC 9112 3: the method and the target, if that is what stands there. False if nothing does.
bool begins(http_request& request, std::string_view text) {
  const auto method = text.substr(0, text.find(' '));
  const auto rest = text.substr(std::min(method.size() + 1, text.size()));
  const auto target = rest.substr(0, rest.find_first_of(" \r\n"));
  if (target.starts_with('/')) {
    request.method = method;
    request.set_target(std::string{target});
  }
  return !text.empty();
}

std::uint64_t announced_length(const request_parser& parser) {
  const auto length = parser.content_length();
  return length ? *length : 0;
}

}  // namespace

http_session::http_session(std::shared_ptr<byte_stream> stream, net::endpoint peer, net::endpoint local,
                           const http_service& service, place_function take_place)
    : stream_(std::move(stream)),
      peer_(peer),
      local_(local),
      service_(service),
      take_place_(std::move(take_place)),
      settings_(service.settings.get()) {}

http_session::~http_session() = default;

void http_session::stop() {
  stopping_ = true;
  if (idle_) close();
  if (writer_) writer_->end();
}

void http_session::abort() noexcept {
  stopping_ = true;
  close();
}

void http_session::close() noexcept {
  word_.claim();
  stream_->close();
}

// A connection that is idle and silent is let be: its client waits for nothing.
void http_session::speak_for(std::string_view why) {
  word_.speak([&](const http_request* asked) {
    http_request unread;
    unread.settings = service_.settings.get();
    if (asked == nullptr && !begins(unread, stream_->unread())) return false;
    const auto& request = asked != nullptr ? *asked : unread;
    const auto reply = service_.fault(request, http_fault::stuck, why);
    stream_->say_last(reply_head(request, reply, false, false, service_.now()).append(body_for(request, reply)));
    log_call(request, reply, {});
    return true;
  });
}

void http_session::log(std::string_view line) const {
  if (service_.log) service_.log(line);
}

void http_session::log_call(http_request request, const http_reply& reply, std::chrono::microseconds took) const {
  if (request.settings->debug_log && service_.access_log) service_.access_log(std::move(request), reply, took);
}

void http_session::begin_with(http_request first, std::string unread) {
  first_ = std::move(first);
  unread_ = std::move(unread);
}

// A connection that can not be given away is served where it is.
bool http_session::moved(http_request& request) {
  if (!service_.is_elsewhere || !service_.is_elsewhere(request)) return false;
  if (!word_.claim()) return true;
  auto taken = release();
  if (!taken) return false;
  service_.elsewhere(std::move(*taken), std::move(request));
  return true;
}

awaitable<void> http_session::run() {
  const auto self = shared_from_this();
  for (bool more = true; more && !stopping_;) {
    settings_ = service_.settings.get();
    http_request request;
    // However this round ends, nobody looks at its request any more.
    const std::unique_ptr<last_word, void (*)(last_word*)> gone{&word_, [](last_word* w) { w->forget(); }};
    request.settings = settings_;
    request.peer = peer_;
    request.local = local_;
    const auto got = co_await read_request(request);
    more = false;
    if (const auto* wrong = std::get_if<refusal>(&got))
      co_await refuse(request, *wrong);
    else if (std::holds_alternative<request_complete>(got) && word_.ask(request))
      more = !moved(request) && co_await answer(request);
  }
  close();
}

awaitable<void> http_session::turn_away() {
  const auto self = shared_from_this();
  http_request request;
  request.settings = settings_;
  const refusal full{http_fault::overloaded, "there are " + std::to_string(settings_->max_connections) +
                                                 " connections already, try again later"};
  co_await refuse(request, full);
  close();
}

awaitable<error_code> http_session::read_more() {
  const auto old = unread_.size();
  unread_.resize(old + read_size);
  const auto outcome = co_await stream_->read_some(std::span{unread_}.subspan(old));
  unread_.resize(old + outcome.bytes);
  co_return outcome.error;
}

awaitable<http_session::reading> http_session::read_request(http_request& request) {
  if (first_) {
    request = std::move(*std::exchange(first_, std::nullopt));
    idle_ = false;
    co_return request_complete{};
  }
  const auto skip_empty_lines = [this] { unread_.erase(0, unread_.find_first_not_of("\r\n")); };  // RFC 9112 2.2

  skip_empty_lines();
  stream_->expires_after(settings_->keep_alive);
  while (unread_.empty()) {
    if (stopping_ || co_await read_more()) co_return connection_ended{};
    skip_empty_lines();
  }
  idle_ = false;
  stream_->expires_after(settings_->keep_alive);

  request_parser parser;
  parser.header_limit(static_cast<std::uint32_t>(settings_->max_header));
  parser.body_limit(boost::none);  // counted here, since the reply to a large body depends on the header
  bool head_taken = false;
  bool continue_sent = false;
  std::uint64_t announced = 0;
  std::size_t used = 0;  // of unread_
  for (;;) {
    error_code error;
    const std::string_view rest = std::string_view{unread_}.substr(used);
    used += parser.put(asio::const_buffer{rest.data(), rest.size()}, error);
    if (error == http::error::need_more) error = {};
    const std::size_t pending = unread_.size() - used;

    const bool head_too_large =
        error == http::error::header_limit || (!error && !parser.is_done() && pending >= settings_->max_header);
    if (error && !head_taken) take_head(request, parser);  // as much as there is
    if (head_too_large)
      co_return refusal{http_fault::header_too_large, "request line, header fields and chunk headers may have " +
                                                          std::to_string(settings_->max_header) + " bytes"};
    if (error) co_return refusal{http_fault::malformed, "this is not HTTP/1.1: " + error.message()};
    if (parser.is_header_done() && !std::exchange(head_taken, true)) {
      take_head(request, parser);
      parser.eager(true);
      announced = announced_length(parser);
      if (announced <= settings_->max_body && !parser.is_done()) {
        stream_->expires_after(settings_->keep_alive);
        continue;  // with the part of the body that is there
      }
    }
    if (announced > settings_->max_body || parser.get().body().size() > settings_->max_body) {
      const auto size = announced > 0 ? std::to_string(announced) + " bytes, " : std::string{};
      co_return refusal{http_fault::body_too_large,
                        "the body is too large: " + size + std::to_string(settings_->max_body) + " are allowed"};
    }
    if (parser.is_done()) break;

    if (head_taken && !std::exchange(continue_sent, true) && parser.get().version() >= 11 &&
        equal_ignoring_case(request.header("Expect"), "100-continue") && pending == 0 && parser.get().body().empty()) {
      static constexpr std::array<std::string_view, 1> go_on{"HTTP/1.1 100 Continue\r\n\r\n"};
      if (co_await stream_->write(go_on)) co_return connection_ended{};
    }
    if (used > read_size || used == unread_.size()) unread_.erase(0, std::exchange(used, 0));
    if (const auto failed = co_await read_more()) {
      if (failed != asio::error::timed_out) co_return connection_ended{};
      if (!head_taken) take_head(request, parser);
      co_return refusal{http_fault::timed_out, "the rest of the request did not come in time"};
    }
  }
  unread_.erase(0, used);
  request.body = std::move(parser.get().body());
  co_return request_complete{};
}

awaitable<bool> http_session::answer(http_request& request) {
  const auto began = net::clock::now();
  http_reply reply;
  std::string thrown;
  bool failed = false;
  try {
    reply = co_await service_.answer(request);
  } catch (const std::exception& e) {
    failed = true;
    thrown = e.what();
  } catch (...) {
    failed = true;
    thrown = "an exception of an unknown type";
  }
  if (failed) {
    log("the handler of " + request.method + " " + request.path + " threw: " + thrown);
    reply = service_.fault(request, http_fault::internal, thrown);
  }
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(net::clock::now() - began);
  if (!word_.claim()) co_return false;
  if (reply.take && request.method != "HEAD") {
    if (give_away(request, reply)) {
      log_call(request, reply, took);
      co_return false;
    }
    reply = {};
    reply.status = 501;
    reply.content_type = "text/plain";
    reply.body = "this connection can not be used for anything but HTTP\n";
  }
  if (reply.stream && request.method != "HEAD") {
    log_call(request, reply, took);
    co_await run_stream(request, reply);
    co_return false;
  }
  const bool keep_alive = request.keep_alive && !reply.close && !stopping_;
  const bool sent = co_await send(request, reply, keep_alive);
  log_call(std::move(request), reply, took);
  if (!sent) co_return false;
  idle_ = true;
  if (keep_alive)
    word_.rest();
  else
    co_await linger();
  co_return keep_alive;
}

std::optional<taken_connection> http_session::release() {
  auto socket = stream_->release();
  if (!socket) return std::nullopt;
  return taken_connection{std::move(*socket), peer_, local_, std::move(unread_), take_place_ ? take_place_() : nullptr};
}

bool http_session::give_away(const http_request& request, const http_reply& reply) {
  auto taken = release();
  if (!taken) return false;
  std::string thrown;
  try {
    reply.take(std::move(*taken));
    return true;
  } catch (const std::exception& e) {
    thrown = e.what();
  } catch (...) {
    thrown = "an exception of an unknown type";
  }
  log("what should take the connection of " + request.method + " " + request.path + " threw: " + thrown);
  return true;
}

awaitable<bool> http_session::send(const http_request& request, const http_reply& reply, bool keep_alive) {
  const auto head = reply_head(request, reply, keep_alive, false, service_.now());
  const std::array<std::string_view, 2> parts{head, body_for(request, reply)};
  stream_->expires_after(settings_->write_timeout);
  co_return !co_await stream_->write(parts);
}

awaitable<void> http_session::run_stream(const http_request& request, const http_reply& reply) {
  const auto executor = co_await asio::this_coro::executor;
  const bool chunked = request.http_minor >= 1;
  const auto head = reply_head(request, reply, false, chunked, service_.now());
  stream_->expires_after(settings_->write_timeout);
  const std::array<std::string_view, 1> parts{head};
  if (co_await stream_->write(parts)) co_return;
  stream_->expires_never();

  writer_ = std::make_shared<stream_writer>(*stream_, settings_->write_timeout, chunked, linger_bytes, executor);
  asio::co_spawn(
      executor, [self = shared_from_this(), writer = writer_]() -> awaitable<void> { co_await writer->watch(); },
      asio::detached);
  if (stopping_) writer_->end();
  bool failed = false;
  std::string thrown;
  try {
    co_await reply.stream(*writer_);
  } catch (const std::exception& e) {
    failed = true;
    thrown = e.what();
  } catch (...) {
    failed = true;
    thrown = "an exception of an unknown type";
  }
  writer_->on_close(nullptr);
  if (failed) {
    // Without its last chunk: the client can tell that the body is not complete.
    log("the stream of " + request.method + " " + request.path + " threw: " + thrown);
    stream_->close();
  } else if (!writer_->failed()) {
    stream_->expires_after(stopping_ ? linger_time_stopping : linger_time);
    static constexpr std::array<std::string_view, 1> end{last_chunk};
    if (chunked && co_await stream_->write(end)) stream_->close();
    idle_ = true;
    stream_->shutdown_send();
  } else {
    stream_->close();
  }
  co_await writer_->watched();
}

awaitable<void> http_session::refuse(const http_request& request, const refusal& why) {
  if (!word_.claim()) co_return;
  auto reply = service_.fault(request, why.fault, why.detail);
  reply.stream = nullptr;
  log_call(request, reply, {});
  if (co_await send(request, reply, false)) co_await linger();
}

awaitable<void> http_session::linger() {
  idle_ = true;
  stream_->shutdown_send();
  stream_->expires_after(stopping_ ? linger_time_stopping : linger_time);
  for (std::size_t bytes = 0; bytes < linger_bytes;) {
    unread_.clear();
    if (co_await read_more()) break;
    bytes += unread_.size();
  }
}

}  // namespace berth::api
