#include "tests/support/http_client.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <cstdio>
#include <stdexcept>

namespace berth::tests {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr auto patience = std::chrono::seconds{20};

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

[[noreturn]] void complain(const boost::json::object& o, std::string_view name, const char* what) {
  throw std::runtime_error("\"" + std::string{name} + "\" is no " + what + " in " + boost::json::serialize(o));
}

}  // namespace

std::string http_answer::header(std::string_view name) const {
  for (const auto& [known, value] : headers)
    if (same_name(known, name)) return value;
  return {};
}

boost::json::value http_answer::json() const {
  boost::json::error_code failed;
  auto value = boost::json::parse(body, failed);
  if (failed) throw std::runtime_error("no JSON, status " + std::to_string(status) + ": " + body);
  return value;
}

struct http_client::connection {
  explicit connection(std::uint16_t to) : port(to) {}

  // One asynchronous operation, run to its end: that is how Beast bounds a wait.
  template <class Start>
  boost::system::error_code run(Start&& start) {
    boost::system::error_code outcome;
    stream->expires_after(patience);
    start([&](boost::system::error_code e, auto...) { outcome = e; });
    io.restart();
    io.run();
    return outcome;
  }

  void connect() {
    stream.emplace(io);
    buffer.clear();
    ++made;
    const auto failed = run([&](auto done) { stream->async_connect({asio::ip::address_v4::loopback(), port}, done); });
    if (failed) {
      stream.reset();
      throw std::runtime_error("connect to port " + std::to_string(port) + ": " + failed.message());
    }
    boost::system::error_code ignored;
    stream->socket().set_option(asio::ip::tcp::no_delay{true}, ignored);
  }

  bool closed() {
    if (!stream) return true;
    char byte = 0;
    const auto got = ::recv(stream->socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
  }

  std::uint16_t port;
  asio::io_context io;
  std::optional<beast::tcp_stream> stream;
  beast::flat_buffer buffer;
  int made = 0;
};

http_client::http_client(std::uint16_t port) : connection_(std::make_unique<connection>(port)) {}
http_client::~http_client() = default;
http_client::http_client(http_client&&) noexcept = default;
http_client& http_client::operator=(http_client&&) noexcept = default;

http_answer http_client::request(std::string_view method, const std::string& target, const std::string& body,
                                 const text_pairs& headers) {
  auto& c = *connection_;
  if (c.closed()) c.connect();

  http::request<http::string_body> r;
  r.method_string(method);
  r.target(target);
  r.version(11);
  r.set(http::field::host, "127.0.0.1:" + std::to_string(c.port));
  for (const auto& [name, value] : headers) r.set(name, value);
  r.body() = body;
  if (!body.empty() || method == "POST" || method == "PUT") r.content_length(body.size());

  const auto what = std::string{method} + " " + target + ": ";
  if (const auto failed = c.run([&](auto done) { http::async_write(*c.stream, r, done); })) {
    c.stream.reset();
    throw std::runtime_error(what + failed.message());
  }
  http::response_parser<http::string_body> parser;
  parser.body_limit(64 * 1024 * 1024);
  parser.skip(method == "HEAD");
  if (const auto failed = c.run([&](auto done) { http::async_read(*c.stream, c.buffer, parser, done); })) {
    c.stream.reset();
    throw std::runtime_error(what + failed.message());
  }
  const auto& got = parser.get();
  http_answer answer;
  answer.status = static_cast<int>(got.result_int());
  for (const auto& field : got) answer.headers.emplace_back(field.name_string(), field.value());
  answer.body = got.body();
  if (!got.keep_alive()) c.stream.reset();
  return answer;
}

http_answer http_client::put(const std::string& target, const boost::json::value& body, text_pairs headers) {
  headers.emplace_back("Content-Type", "application/json");
  return request("PUT", target, boost::json::serialize(body), headers);
}

http_answer http_client::post_json(const std::string& target, const boost::json::value& body, text_pairs headers) {
  headers.emplace_back("Content-Type", "application/json");
  return request("POST", target, boost::json::serialize(body), headers);
}

http_answer http_client::post_form(const std::string& target, const text_pairs& form, text_pairs headers) {
  headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  return request("POST", target, form_text(form), headers);
}

int http_client::connections() const noexcept { return connection_->made; }
bool http_client::closed_by_server() { return connection_->closed(); }

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' || c == '~') {
      out += c;
    } else {
      char code[4];
      std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += code;
    }
  }
  return out;
}

std::string form_text(const text_pairs& arguments) {
  std::string out;
  for (const auto& [name, value] : arguments)
    out += (out.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  return out;
}

boost::json::object peer_face::call(const std::string& name, const text_pairs& arguments) {
  auto all = arguments;
  all.emplace_back("secret", secret_);
  const auto answer = client_.get("/index/api/" + name + "?" + form_text(all));
  if (answer.status != 200)
    throw std::runtime_error(name + ": status " + std::to_string(answer.status) + ": " + answer.body);
  auto value = answer.json();
  if (!value.is_object()) throw std::runtime_error(name + ": no object: " + answer.body);
  number(value.as_object(), "code");
  return std::move(value.as_object());
}

http_answer native_face::del(const std::string& target, const std::string& if_match) {
  auto headers = headers_;
  if (!if_match.empty()) headers.emplace_back("If-Match", if_match);
  return client_.del(target, headers);
}

boost::json::object native_face::stream(const std::string& id) {
  const auto answer = get("/v1/streams/" + percent_encode(id));
  if (answer.status != 200)
    throw std::runtime_error(id + ": status " + std::to_string(answer.status) + ": " + answer.body);
  return answer.json().as_object();
}

std::int64_t number(const boost::json::object& o, std::string_view name) {
  const auto* v = o.if_contains(name);
  boost::json::error_code failed;
  const auto n = v != nullptr && v->is_number() ? v->to_number<std::int64_t>(failed) : 0;
  if (v == nullptr || !v->is_number() || failed) complain(o, name, "whole number");
  return n;
}

std::string text(const boost::json::object& o, std::string_view name) {
  const auto* v = o.if_contains(name);
  if (v == nullptr || !v->is_string()) complain(o, name, "string");
  return std::string{v->as_string()};
}

bool flag(const boost::json::object& o, std::string_view name) {
  const auto* v = o.if_contains(name);
  if (v == nullptr || !v->is_bool()) complain(o, name, "boolean");
  return v->as_bool();
}

}  // namespace berth::tests
