#include "api/hooks/hook_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <charconv>
#include <utility>

namespace berth::api {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t longest_answer = 64 * 1024;  // of the body; answers are a code and a sentence

}  // namespace

hook_connection::hook_connection(const asio::any_io_executor& executor, asio::ssl::context& trust, bool tls)
    : resolver_(executor), stream_(std::in_place_type<plain_stream>, executor) {
  if (tls) stream_.emplace<tls_stream>(plain_stream{executor}, trust);
}

hook_connection::plain_stream& hook_connection::tcp() {
  if (auto* tls = std::get_if<tls_stream>(&stream_)) return tls->next_layer();
  return *std::get_if<plain_stream>(&stream_);
}

asio::awaitable<error_code> hook_connection::open(std::string host, std::string port) {
  phase_ = "resolving the name";
  endpoints found;
  if (const auto error = co_await resolve(host, port, found)) co_return error;
  if (closed_) co_return asio::error::operation_aborted;

  phase_ = "connecting";
  const auto [error, to] = co_await tcp().async_connect(found, as_result);
  if (error) co_return error;
  error_code ignored;
  tcp().socket().set_option(asio::ip::tcp::no_delay{true}, ignored);
  co_return co_await shake_hands(host);
}

asio::awaitable<error_code> hook_connection::resolve(const std::string& host, const std::string& port,
                                                     endpoints& found) {
  error_code not_numeric;
  if (const auto address = asio::ip::make_address(host, not_numeric); !not_numeric) {
    std::uint16_t number = 0;
    std::from_chars(port.data(), port.data() + port.size(), number);
    found.emplace_back(address, number);
    co_return error_code{};
  }
  const auto [error, entries] = co_await resolver_.async_resolve(host, port, as_result);
  for (const auto& e : entries) found.push_back(e.endpoint());
  co_return error;
}

asio::awaitable<error_code> hook_connection::shake_hands(const std::string& host) {
  auto* tls = std::get_if<tls_stream>(&stream_);
  if (tls == nullptr) co_return error_code{};
  phase_ = "shaking hands";
  error_code numeric;
  asio::ip::make_address(host, numeric);
  // RFC 6066 3: a server name is never an address.
  if (numeric) SSL_set_tlsext_host_name(tls->native_handle(), host.c_str());
  tls->set_verify_mode(asio::ssl::verify_peer);
  tls->set_verify_callback(asio::ssl::host_name_verification(host));
  const auto [error] = co_await tls->async_handshake(asio::ssl::stream_base::client, as_result);
  co_return error;
}

asio::awaitable<hook_connection::answer> hook_connection::exchange(const request& r) {
  phase_ = "waiting for the answer";
  if (auto* tls = std::get_if<tls_stream>(&stream_)) co_return co_await exchange_on(*tls, r);
  co_return co_await exchange_on(*std::get_if<plain_stream>(&stream_), r);
}

template <class Stream>
asio::awaitable<hook_connection::answer> hook_connection::exchange_on(Stream& stream, const request& r) {
  answer a;
  std::tie(a.error, std::ignore) = co_await http::async_write(stream, r, as_result);
  if (a.error) co_return a;
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(longest_answer);
  std::tie(a.error, std::ignore) = co_await http::async_read(stream, buffer, parser, as_result);
  a.begun = parser.got_some();
  if (a.error) co_return a;
  // Bytes that nobody asked for would be taken for the next answer.
  a.reusable = parser.get().keep_alive() && buffer.size() == 0;
  a.status = parser.get().result_int();
  a.body = std::move(parser.get().body());
  co_return a;
}

void hook_connection::close() noexcept {
  closed_ = true;
  resolver_.cancel();
  tcp().close();
}

}  // namespace berth::api
